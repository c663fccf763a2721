import type { DataType } from "./data-type.ts";

/** The typed array that holds a data type. float16, bfloat16 and float8 keep their bit patterns; bool is 0 or 1. */
export interface TensorArrays {
  /** IEEE 754 numbers of 64 bits. */
  float64: Float64Array;
  /** IEEE 754 numbers of 32 bits. */
  float32: Float32Array;
  /** The bits: sign, 5 of exponent, 10 of fraction. */
  float16: Uint16Array;
  /** The bits: the upper half of a float32's. */
  bfloat16: Uint16Array;
  /** The bits: sign, 4 of exponent, 3 of fraction; no infinities. */
  float8_e4m3fn: Uint8Array;
  /** The bits: sign, 5 of exponent, 2 of fraction. */
  float8_e5m2: Uint8Array;
  /** As bigints. */
  int64: BigInt64Array;
  /** From -2^31 to 2^31 - 1. */
  int32: Int32Array;
  /** From -32768 to 32767. */
  int16: Int16Array;
  /** From -128 to 127. */
  int8: Int8Array;
  /** As bigints, from 0. */
  uint64: BigUint64Array;
  /** From 0 to 2^32 - 1. */
  uint32: Uint32Array;
  /** From 0 to 65535. */
  uint16: Uint16Array;
  /** From 0 to 255. */
  uint8: Uint8Array;
  /** 0 or 1. */
  bool: Uint8Array;
}

/** Values in memory, C order. */
export type Tensor = {
  [Type in DataType]: { readonly dataType: Type; readonly shape: readonly number[]; readonly data: TensorArrays[Type] };
}[DataType];
