import type { DataType } from "@longspan/core";
import { aligned, output } from "./output.ts";
import { messageTypes } from "./object-header.ts";

/** A message of an object header, body unpadded. */
export interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Element types that are written, with bytes; floats have exponent's position and size, mantissa's size, bias. */
const floats: Readonly<Partial<Record<DataType, readonly [bytes: number, exponentAt: number, exponentBits: number, bias: number]>>> = {
  float16: [2, 10, 5, 15],
  float32: [4, 23, 8, 127],
  float64: [8, 52, 11, 1023],
};

/** What `datatypeMessage` knows. */
export const writtenTypes: readonly DataType[] = /*#__PURE__*/ Object.keys(floats) as DataType[];

/** Class 1, version 1, IEEE 754 and little endian (format specification, section IV.A.2.d). */
export function datatypeMessage(dataType: DataType): Message {
  const form = floats[dataType];
  if (form === undefined) throw new TypeError(`HDF5 files are written with ${writtenTypes.join(", ")}, not ${dataType}.`);
  const [bytes, exponentAt, exponentBits, bias] = form;
  return message(messageTypes.datatype, [
    [1, 0x11],
    // Mantissa with a hidden bit; the sign's position.
    [1, 0x20],
    [1, bytes * 8 - 1],
    [1, 0],
    [4, bytes],
    [2, 0],
    [2, bytes * 8],
    [1, exponentAt],
    [1, exponentBits],
    [1, 0],
    [1, exponentAt],
    [4, bias],
  ]);
}

/** Version 1, no largest dimensions (section IV.A.2.b). */
export function dataspaceMessage(shape: readonly number[]): Message {
  return message(messageTypes.dataspace, [[1, 1], [1, shape.length], [6, 0], ...shape.map((dimension) => [8, dimension] as const)]);
}

/** Version 2: space is allocated late, values are filled in where the user set one, and none is set (section IV.A.2.f). */
export function fillValueMessage(): Message {
  return message(0x0005, [
    [1, 2],
    [1, 2],
    [1, 2],
    [1, 0],
  ]);
}

/** Version 3, contiguous. Its address is put in later: see `layoutAddressAt`. */
export function layoutMessage(byteLength: number): Message {
  return message(messageTypes.layout, [
    [1, 3],
    [1, 1],
    [8, 0],
    [8, byteLength],
  ]);
}

/** Bytes into a layout message's body. */
export const layoutAddressAt = 2;

/** Sections IV.A.2.r: the B-tree's and the heap's addresses. */
export function symbolTableMessage(tree: number, heap: number): Message {
  return message(messageTypes.symbolTable, [
    [8, tree],
    [8, heap],
  ]);
}

/** Version 1: text of a fixed number of bytes, padded with zeros; a single text or a list (section IV.A.2.m). */
export function textAttributeMessage(name: string, value: string | readonly string[]): Message {
  const encoder = new TextEncoder();
  const texts = (typeof value === "string" ? [value] : value).map((text) => encoder.encode(text));
  const elementBytes = Math.max(1, ...texts.map((text) => text.byteLength));
  const nameBytes = encoder.encode(`${name}\0`);
  const rank = typeof value === "string" ? 0 : 1;
  const spaceBytes = 8 + 8 * rank;
  const at = { name: 8, type: 8 + aligned(nameBytes.byteLength), space: 0, values: 0 };
  at.space = at.type + 8;
  at.values = at.space + spaceBytes;
  const out = output();
  out.reserve(at.values + texts.length * elementBytes);
  out.integer(0, 1, 1);
  for (const [index, bytes] of [nameBytes.byteLength, 8, spaceBytes].entries()) out.integer(2 + 2 * index, 2, bytes);
  out.put(at.name, nameBytes);
  out.put(at.type, Uint8Array.of(0x13, 1, 0, 0));
  out.integer(at.type + 4, 4, elementBytes);
  out.put(at.space, Uint8Array.of(1, rank));
  if (rank === 1) out.integer(at.space + 8, 8, texts.length);
  for (const [index, text] of texts.entries()) out.put(at.values + index * elementBytes, text);
  return { type: messageTypes.attribute, body: out.bytes().slice() };
}

function message(type: number, fields: readonly (readonly [bytes: number, value: number])[]): Message {
  const out = output();
  let position = 0;
  out.reserve(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  for (const [bytes, value] of fields) {
    out.integer(position, bytes, value);
    position += bytes;
  }
  return { type, body: out.bytes().slice() };
}
