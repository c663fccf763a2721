import { elementCount, type LazyTensor, LongspanError } from "@longspan/core";
import { assembledTensor, reshapeTensor, stridedTensor, type TensorPiece } from "@longspan/core/adapter";

/** Some neighbouring elements of a flat tensor. */
export interface FlatRange {
  readonly tensor: LazyTensor;
  readonly start: number;
  readonly count: number;
}

/** Flat tensors seen as one after the other: the ranges of the elements `start` to `start + count`. Fewer where they end before. */
export function rangesWithin(tensors: readonly LazyTensor[], start: number, count: number): FlatRange[] {
  const ranges: FlatRange[] = [];
  const end = start + count;
  let first = 0;
  for (const tensor of tensors) {
    const last = first + elementCount(tensor.shape);
    const from = Math.max(start, first);
    const to = Math.min(end, last);
    if (from < to) ranges.push({ tensor, start: from - first, count: to - from });
    first = last;
  }
  return ranges;
}

/**
 * A parameter whose elements in C order are these ranges one after the other; what is left of them is padding.
 * @throws LongspanError `tensor-invalid` when they are too few.
 */
export function parameterOfRanges(name: string, shape: readonly number[], ranges: readonly FlatRange[]): LazyTensor {
  const total = elementCount(shape);
  const pieces: TensorPiece[] = [];
  let filled = 0;
  for (const { tensor, start, count } of ranges) {
    const take = Math.min(count, total - filled);
    if (take === 0) break;
    pieces.push({ offsets: [filled], tensor: sliceOf(tensor, start, take) });
    filled += take;
  }
  return reshapeTensor(assembledTensor({ name, dataType: ranges[0]?.tensor.dataType ?? "float32", shape: [total], pieces }), shape);
}

function sliceOf(tensor: LazyTensor, start: number, count: number): LazyTensor {
  const { bytes: storage, elementOffset, strides } = tensor.storage;
  if (storage === undefined) throw new LongspanError("tensor-invalid", `Tensor "${tensor.name}" is no plain view of a file.`);
  const stride = strides[0] ?? 1;
  return stridedTensor({
    name: tensor.name,
    dataType: tensor.dataType,
    shape: [count],
    strides: [stride],
    elementOffset: elementOffset + start * stride,
    storage,
  });
}
