import type { ByteSource } from "../bytes/byte-source.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { LazyTensor } from "./lazy-tensor.ts";
import { denseStrides, stridedTensor } from "./strided-tensor.ts";
import type { SourceStorage } from "./strided-view.ts";

/**
 * The matrix with its two axes exchanged: `[rows, columns]` → `[columns, rows]`. A view: of a transposed view it is the original
 * again, and nothing is read before bytes are asked for.
 * @throws LongspanError `tensor-invalid` when the tensor is not a matrix.
 */
export function transposeTensor(tensor: LazyTensor): LazyTensor {
  const [rows, columns] = tensor.shape;
  if (rows === undefined || columns === undefined || tensor.shape.length !== 2) {
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
    storage: plain ?? storageOf(tensor),
  });
}

/** Any lazy tensor as a storage in C order, so that views can be laid over it. */
function storageOf(tensor: LazyTensor): SourceStorage {
  const source: ByteSource = {
    name: tensor.name,
    size: tensor.byteLength,
    read: (offset, length, options) => tensor.readBytes(offset, length, options),
    close: async () => {},
  };
  return { source, offset: 0, byteLength: tensor.byteLength };
}
