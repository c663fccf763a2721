import type { LazyTensor } from "../tensor/lazy-tensor.ts";

/** Whether two tensors look at the same elements of the same storage. */
export function sameValuesByStorage(one: LazyTensor, other: LazyTensor): boolean {
  return (
    one.storage.identity === other.storage.identity &&
    one.dataType === other.dataType &&
    one.storage.elementOffset === other.storage.elementOffset &&
    one.shape.join() === other.shape.join() &&
    one.storage.strides.join() === other.storage.strides.join()
  );
}
