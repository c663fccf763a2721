import type { DataType } from "@longspan/core";
import { integerField, wireFields } from "./wire-format.ts";

/** `VarType.Type` of paddle/fluid/framework/framework.proto, as far as a tensor can have it. Bytes of one element; no `dataType`: none here can hold it. */
const elementTypes: ReadonlyMap<bigint, { readonly name: string; readonly bytes: number; readonly dataType?: DataType }> =
  /*#__PURE__*/ new Map([
    [0n, { name: "BOOL", bytes: 1, dataType: "bool" }],
    [1n, { name: "INT16", bytes: 2, dataType: "int16" }],
    [2n, { name: "INT32", bytes: 4, dataType: "int32" }],
    [3n, { name: "INT64", bytes: 8, dataType: "int64" }],
    [4n, { name: "FP16", bytes: 2, dataType: "float16" }],
    [5n, { name: "FP32", bytes: 4, dataType: "float32" }],
    [6n, { name: "FP64", bytes: 8, dataType: "float64" }],
    [19n, { name: "SIZE_T", bytes: 8, dataType: "uint64" }],
    [20n, { name: "UINT8", bytes: 1, dataType: "uint8" }],
    [21n, { name: "INT8", bytes: 1, dataType: "int8" }],
    [22n, { name: "BF16", bytes: 2, dataType: "bfloat16" }],
    [23n, { name: "COMPLEX64", bytes: 8 }],
    [24n, { name: "COMPLEX128", bytes: 16 }],
    [32n, { name: "FP8_E4M3FN", bytes: 1, dataType: "float8_e4m3fn" }],
    [33n, { name: "FP8_E5M2", bytes: 1, dataType: "float8_e5m2" }],
    [36n, { name: "UINT16", bytes: 2, dataType: "uint16" }],
    [37n, { name: "UINT32", bytes: 4, dataType: "uint32" }],
    [38n, { name: "UINT64", bytes: 8, dataType: "uint64" }],
  ]);

/** More than Paddle allows (9, DDim::kMaxRank) is a sign of damage; a few more cost nothing. */
const maxDimensions = 16;

export interface TensorDescription {
  /** Paddle's name of the element type. */
  readonly typeName: string;
  /** Undefined for a type no tensor here can have (complex numbers). */
  readonly dataType: DataType | undefined;
  readonly shape: readonly number[];
  readonly byteLength: number;
}

/** Parses `TensorDesc { data_type = 1; repeated int64 dims = 2 }`; a sentence when the bytes are none or describe no tensor. */
export function parseTensorDescription(message: Uint8Array): TensorDescription | string {
  const fields = wireFields(message);
  if (fields === undefined) return "is no protocol buffer";
  const code = integerField(fields, 1);
  if (code === undefined) return "has no element type";
  const type = elementTypes.get(code);
  if (type === undefined) return `has the element type ${code}, which is unknown`;
  const dimensions = parseDimensions(message);
  if (dimensions === undefined) return "has dimensions that are not integers";
  if (dimensions.length > maxDimensions) return `has ${dimensions.length} dimensions`;
  let byteLength = type.bytes;
  for (const dimension of dimensions) {
    if (dimension < 0) return `has the dimension ${dimension}`;
    byteLength *= dimension;
    if (!Number.isSafeInteger(byteLength)) return "has more than 2^53 bytes";
  }
  return { typeName: type.name, dataType: type.dataType, shape: dimensions, byteLength };
}

/** The dimensions of a `TensorDesc`, packed or not; -1 stands for one that is not known. Undefined when the bytes are none. */
export function parseDimensions(message: Uint8Array): number[] | undefined {
  const dimensions: number[] = [];
  for (const field of wireFields(message) ?? []) {
    if (field.number !== 2) continue;
    const values = typeof field.value === "bigint" ? [field.value] : field.value && unpack(field.value);
    if (values === undefined) return undefined;
    dimensions.push(...values.map(Number));
  }
  return dimensions;
}

/** A packed field is varints back to back: read as if each had a tag in front. */
function unpack(packed: Uint8Array): bigint[] | undefined {
  const tagged: number[] = [];
  let isStart = true;
  for (const byte of packed) {
    if (isStart) tagged.push(0x10);
    tagged.push(byte);
    isStart = byte < 0x80;
  }
  return wireFields(Uint8Array.from(tagged))?.flatMap((field) => (typeof field.value === "bigint" ? [field.value] : []));
}
