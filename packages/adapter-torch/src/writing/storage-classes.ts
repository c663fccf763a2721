import type { DataType } from "@longspan/core";

/** The storage class torch writes for an element type; types without one are written as untyped storages (torch/storage.py). */
export const storageClassNames: Readonly<Partial<Record<DataType, string>>> = {
  float64: "DoubleStorage",
  float32: "FloatStorage",
  float16: "HalfStorage",
  bfloat16: "BFloat16Storage",
  int64: "LongStorage",
  int32: "IntStorage",
  int16: "ShortStorage",
  int8: "CharStorage",
  uint8: "ByteStorage",
  bool: "BoolStorage",
};
