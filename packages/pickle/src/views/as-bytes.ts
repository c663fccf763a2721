import { latin1Bytes } from "../text/latin1.ts";
import type { PickleBytes, PickleObject, PickleText, PickleValue } from "../values.ts";
import { isMadeBy } from "./narrow.ts";

/** Where the bytes of a value come from: a payload, or text of which every character is a byte. */
export type BytesOrigin = PickleBytes | { readonly latin1: string | PickleText };

/**
 * Finds the bytes that a value stands for in Python, in every spelling:
 * bytes and bytearrays; `_codecs.encode(text, "latin1")` and `builtins.bytearray(text, "latin-1")`, with which Python 3
 * writes them in protocols 0 to 2; `builtins.bytes()`; `builtins.bytearray(bytes)`; and a string, for Python-2 `str`.
 */
export function bytesOrigin(value: PickleValue | undefined): BytesOrigin | undefined {
  if (typeof value === "string") return { latin1: value };
  if (typeof value !== "object" || value === null) return undefined;
  if (value.kind === "bytes") return value;
  if (isMadeBy(value, "_codecs", "encode")) return encodedText(value);
  const array = isMadeBy(value, "builtins", "bytearray");
  if (!array && !isMadeBy(value, "builtins", "bytes")) return undefined;
  const [content, encoding] = value.args;
  if (content === undefined) return { latin1: "" };
  if (isLatin1(encoding)) return latin1(content);
  if (isMadeBy(content, "_codecs", "encode")) return encodedText(content);
  return typeof content === "object" && content?.kind === "bytes" ? content : undefined;
}

/**
 * The bytes a value stands for, where they are in memory. A string gives its characters as Latin-1, as a Python-2 `str`
 * that reads as ASCII needs it. Undefined for anything else, for text beyond U+00FF, and for bytes that were left in the
 * source: see `readBytes`.
 */
export function asBytes(value: PickleValue | undefined): Uint8Array | undefined {
  const origin = bytesOrigin(value);
  if (origin === undefined) return undefined;
  if (!("latin1" in origin)) return origin.data;
  return typeof origin.latin1 === "string" ? latin1Bytes(origin.latin1) : undefined;
}

function encodedText({ args }: PickleObject): BytesOrigin | undefined {
  return isLatin1(args[1]) ? latin1(args[0]) : undefined;
}

function latin1(text: PickleValue | undefined): BytesOrigin | undefined {
  if (typeof text === "string") return { latin1: text };
  return typeof text === "object" && text?.kind === "text" ? { latin1: text } : undefined;
}

function isLatin1(encoding: PickleValue | undefined): boolean {
  return encoding === "latin1" || encoding === "latin-1";
}
