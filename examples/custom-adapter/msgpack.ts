import type { FileReader } from "@longspan/core/adapter";

/** How a value begins. `length` is of what follows: bytes of a text, of bytes, of an extension; items of a list; pairs of a map. */
export type MsgpackHead =
  | { readonly kind: "scalar"; readonly value: null | boolean | number | bigint }
  | { readonly kind: "text" | "bytes" | "list" | "map" | "extension"; readonly length: number };

/** Reads how the next value begins (github.com/msgpack/msgpack, spec.md). An extension's type, one byte, follows. */
export async function msgpackHead(file: FileReader): Promise<MsgpackHead> {
  const byte = await file.unsigned(1);
  if (byte < 0x80 || byte >= 0xe0) return { kind: "scalar", value: (byte << 24) >> 24 };
  if (byte < 0xa0) return { kind: byte < 0x90 ? "map" : "list", length: byte & 0x0f };
  if (byte < 0xc0) return { kind: "text", length: byte & 0x1f };
  if (byte === 0xc1) throw file.malformed(`byte ${file.position - 1} is 0xc1, which begins no msgpack value`);
  if (byte < 0xc4) return { kind: "scalar", value: byte === 0xc0 ? null : byte === 0xc3 };
  if (byte < 0xc7) return { kind: "bytes", length: await file.unsigned(2 ** (byte - 0xc4)) };
  if (byte < 0xca) return { kind: "extension", length: await file.unsigned(2 ** (byte - 0xc7)) };
  if (byte === 0xca) return { kind: "scalar", value: (await file.take(4)).getFloat32(0) };
  if (byte === 0xcb) return { kind: "scalar", value: (await file.take(8)).getFloat64(0) };
  if (byte === 0xcf) return { kind: "scalar", value: (await file.take(8)).getBigUint64(0) };
  if (byte < 0xcf) return { kind: "scalar", value: await file.unsigned(2 ** (byte - 0xcc)) };
  if (byte === 0xd3) return { kind: "scalar", value: (await file.take(8)).getBigInt64(0) };
  if (byte < 0xd3) return { kind: "scalar", value: signed(await file.unsigned(2 ** (byte - 0xd0)), 2 ** (byte - 0xd0)) };
  if (byte < 0xd9) return { kind: "extension", length: 2 ** (byte - 0xd4) };
  if (byte < 0xdc) return { kind: "text", length: await file.unsigned(2 ** (byte - 0xd9)) };
  return { kind: byte < 0xde ? "list" : "map", length: await file.unsigned(2 + 2 * (byte & 1)) };
}

const signed = (value: number, bytes: number): number => (value << (32 - 8 * bytes)) >> (32 - 8 * bytes);
