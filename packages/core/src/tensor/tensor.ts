import type { DataType } from "./data-type.ts";

/** The typed array that holds a data type. float16, bfloat16 and float8 keep their bit patterns; bool is 0 or 1. */
export interface TensorArrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float8_e4m3fn: Uint8Array;
  float8_e5m2: Uint8Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int16: Int16Array;
  int8: Int8Array;
  uint64: BigUint64Array;
  uint32: Uint32Array;
  uint16: Uint16Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** Values in memory, C order. */
export type Tensor = {
  [Type in DataType]: { readonly dataType: Type; readonly shape: readonly number[]; readonly data: TensorArrays[Type] };
}[DataType];
