import { floatConversion } from "./convert-floats.ts";
import { bytesPerElement } from "./data-type.ts";
import type { LazyTensor } from "./lazy-tensor.ts";

/**
 * A range of a float tensor's elements, in C order, as float64: exact for every float type. In memory that is the caller's.
 * @throws LongspanError `data-type-mismatch` for a tensor of integers or bools; `argument-invalid` for a range that leaves it.
 */
export async function readFloats(
  tensor: LazyTensor,
  { start, count, signal }: { readonly start: number; readonly count: number; readonly signal?: AbortSignal | undefined },
): Promise<Float64Array> {
  const convert = floatConversion(tensor.dataType, "float64");
  const width = bytesPerElement(tensor.dataType);
  const bytes = await tensor.readBytes(start * width, count * width, { signal });
  const values = new Float64Array(count);
  convert(bytes, new Uint8Array(values.buffer));
  return values;
}
