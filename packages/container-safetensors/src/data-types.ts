import type { DataType } from "@longspan/core";
import type { SafetensorsDataType } from "@longspan/safetensors";

/** safetensors' names of the element types Longspan has (safetensors README, "Format"; safetensors/src/tensor.rs, `Dtype`). */
export const safetensorsNames: Readonly<Record<DataType, SafetensorsDataType>> = {
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

const byName: ReadonlyMap<SafetensorsDataType, DataType> = /*#__PURE__*/ new Map(
  (Object.keys(safetensorsNames) as DataType[]).map((dataType) => [safetensorsNames[dataType], dataType]),
);

/** Undefined for types Longspan does not have: complex, 4- and 6-bit floats, scales. */
export function dataTypeOfSafetensors(name: SafetensorsDataType): DataType | undefined {
  return byName.get(name);
}
