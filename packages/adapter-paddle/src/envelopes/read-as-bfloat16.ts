import { type EnvelopeTensor, stridedTensor } from "@longspan/core/adapter";

/**
 * Reads uint16 tensors as bfloat16: PaddleNLP writes safetensors through numpy, which has no bfloat16, so that the bits stand there as `U16` (paddlenlp/utils/safetensors.py). No
 * parameter is made of integers.
 */
export function asBfloat16(tensors: readonly EnvelopeTensor[]): {
  readonly tensors: readonly EnvelopeTensor[];
  readonly warnings: readonly string[];
} {
  let count = 0;
  const converted = tensors.map((entry) => {
    const { name, dataType, shape, storage } = entry.tensor;
    if (dataType !== "uint16" || storage.bytes === undefined) return entry;
    count++;
    const { strides, elementOffset } = storage;
    return {
      ...entry,
      tensor: stridedTensor({
        name,
        dataType: "bfloat16",
        shape,
        strides,
        elementOffset,
        storage: storage.bytes,
      }),
    };
  });
  return {
    tensors: converted,
    warnings: count === 0 ? [] : [`${count} tensors are stored as U16 and read as bfloat16, as PaddleNLP stores it.`],
  };
}
