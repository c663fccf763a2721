import type { DataType } from "@longspan/core";
import type { SafetensorsDataType } from "@longspan/safetensors";

/** The format's name of each element type. */
export const safetensorsTypeOf: Readonly<Record<DataType, SafetensorsDataType>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  float8_e4m3fn: "F8_E4M3",
  float8_e5m2: "F8_E5M2",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
};

const dataTypeOf = new Map(Object.entries(safetensorsTypeOf).map(([dataType, name]) => [name, dataType as DataType]));

/** The element type of that name; undefined for the few that no tensor here can have (complex numbers, 4 and 6 bits). */
export function dataTypeOfSafetensors(name: SafetensorsDataType): DataType | undefined {
  return dataTypeOf.get(name);
}
