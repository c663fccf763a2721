import type { PickleBytes, PickleText, PickleValue } from "@longspan/pickle";
import { calledName } from "./called.ts";

/** Where an array's elements are: bytes in memory or in the file, or text that stands for them (protocol 2). */
export type RawElements = PickleBytes | PickleText | Uint8Array;

/**
 * The bytes a value stands for: `bytes`, a Python-2 `str`, or the calls by which protocol 2 spells bytes (Lib/pickle.py, `save_bytes` and `save_bytearray`):
 * `_codecs.encode(text, "latin1")`, `bytes()`, `bytearray(bytes)`, `bytearray(text, "latin-1")`.
 */
export function rawElements(value: PickleValue | undefined): RawElements | undefined {
  if (typeof value === "string") return latin1Bytes(value);
  if (typeof value !== "object" || value === null) return undefined;
  if (value.kind === "bytes") return value;
  if (value.kind !== "object") return undefined;
  const [argument, encoding] = value.args;
  const isLatin1 = encoding === "latin1" || encoding === "latin-1";
  const count = value.args.length;
  switch (calledName(value)) {
    case "_codecs.encode":
      return count === 2 && isLatin1 ? latin1Text(argument) : undefined;
    case "builtins.bytes":
      return count === 0 ? new Uint8Array(0) : undefined;
    case "builtins.bytearray":
      if (count === 0) return new Uint8Array(0);
      if (count === 2) return isLatin1 ? latin1Text(argument) : undefined;
      return typeof argument === "object" && argument?.kind === "bytes" ? argument : undefined;
    default:
      return undefined;
  }
}

function latin1Text(value: PickleValue | undefined): RawElements | undefined {
  if (typeof value === "string") return latin1Bytes(value);
  return typeof value === "object" && value?.kind === "text" ? value : undefined;
}

function latin1Bytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0xff) return undefined;
    bytes[index] = code;
  }
  return bytes;
}
