import { type DataType, type LazyTensor, LongspanError } from "@longspan/core";
import { floatConversion } from "@longspan/core/adapter";

/** The float types that PEFT trains and merges in. */
export type AdapterFloat = "float32" | "float16" | "bfloat16";

/** @throws LongspanError `unsupported` for a tensor of another type. */
export function adapterFloat(tensor: LazyTensor): AdapterFloat {
  const { dataType } = tensor;
  if (dataType === "float32" || dataType === "float16" || dataType === "bfloat16") return dataType;
  throw new LongspanError(
    "unsupported",
    `Tensor "${tensor.name}" is ${dataType}: adapters are merged in float32, float16 and bfloat16. Merge it with PEFT (merge_and_unload).`,
    { details: { tensor: tensor.name, dataType } },
  );
}

/** The type in which torch computes with both (`torch.promote_types`). */
export function promotedFloat(one: AdapterFloat, other: AdapterFloat): AdapterFloat {
  return one === other ? one : "float32";
}

/** The bytes of float32 values in a float type. @throws LongspanError `value-overflow` naming the tensor. */
export function floatBytes(values: Float32Array, dataType: AdapterFloat, tensor: string): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  if (dataType === "float32") return bytes;
  const target = new Uint8Array(values.length * 2);
  const { overflows } = floatConversion("float32", dataType)(bytes, target);
  if (overflows === 0) return target;
  throw new LongspanError(
    "value-overflow",
    `Tensor "${tensor}": merged with the adapter, ${overflows} values are beyond the largest ${dataType}. Convert the base to float32 first.`,
    { details: { tensor, to: dataType satisfies DataType, overflows } },
  );
}

/** Rounds float32 values to what a float type can hold; the same array where nothing changes. */
export function roundedTo(values: Float32Array, dataType: AdapterFloat, tensor: string): Float32Array {
  if (dataType === "float32") return values;
  const rounded = new Float32Array(values.length);
  floatConversion(dataType, "float32")(floatBytes(values, dataType, tensor), new Uint8Array(rounded.buffer));
  return rounded;
}
