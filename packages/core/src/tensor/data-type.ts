/** The element types Longspan knows, by their full names. */
export const dataTypes = {
  float64: { bytes: 8, kind: "float" },
  float32: { bytes: 4, kind: "float" },
  float16: { bytes: 2, kind: "float" },
  bfloat16: { bytes: 2, kind: "float" },
  float8_e4m3fn: { bytes: 1, kind: "float" },
  float8_e5m2: { bytes: 1, kind: "float" },
  int64: { bytes: 8, kind: "integer" },
  int32: { bytes: 4, kind: "integer" },
  int16: { bytes: 2, kind: "integer" },
  int8: { bytes: 1, kind: "integer" },
  uint64: { bytes: 8, kind: "integer" },
  uint32: { bytes: 4, kind: "integer" },
  uint16: { bytes: 2, kind: "integer" },
  uint8: { bytes: 1, kind: "integer" },
  bool: { bytes: 1, kind: "boolean" },
} as const;

/** The type of a tensor's elements: a key of `dataTypes`. */
export type DataType = keyof typeof dataTypes;

/** Bytes of one element. */
export function bytesPerElement(dataType: DataType): 1 | 2 | 4 | 8 {
  return dataTypes[dataType].bytes;
}

/** Whether elements are floating-point numbers. */
export function isFloatingPoint(dataType: DataType): boolean {
  return dataTypes[dataType].kind === "float";
}

/** Whether a text names a data type. */
export function isDataType(name: string): name is DataType {
  return Object.hasOwn(dataTypes, name);
}

/** Product of the dimensions; 1 for a scalar's `[]`. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  return count;
}
