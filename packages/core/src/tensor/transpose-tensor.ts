import { LongspanError } from "../errors/longspan-error.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { storageOfTensor } from "./storage-of-tensor.ts";
import { denseStrides, stridedTensor } from "./strided-tensor.ts";

/**
 * The matrix with its two axes swapped: `[rows, columns]` → `[columns, rows]`. A view: of a transposed view it is the original
 * again, and nothing is read before bytes are asked for.
 * @throws LongspanError `tensor-invalid` when the tensor is not a matrix.
 */
export function transposeTensor(tensor: LazyTensor): LazyTensor {
  const [rows = 0, columns = 0] = tensor.shape;
  if (tensor.shape.length !== 2) {
    throw new LongspanError(
      "tensor-invalid",
      `Tensor "${tensor.name}" has shape [${tensor.shape.join(", ")}]: only a matrix can be transposed.`,
      {
        details: { tensor: tensor.name, shape: tensor.shape },
      },
    );
  }
  const plain = tensor.storage.bytes;
  const strides = plain === undefined ? denseStrides(tensor.shape) : tensor.storage.strides;
  return stridedTensor({
    name: tensor.name,
    dataType: tensor.dataType,
    shape: [columns, rows],
    strides: [strides[1] ?? 1, strides[0] ?? 1],
    elementOffset: plain === undefined ? 0 : tensor.storage.elementOffset,
    storage: plain ?? storageOfTensor(tensor),
  });
}
