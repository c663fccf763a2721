import type { LazyTensor } from "./lazy-tensor.ts";
import type { SourceStorage } from "./strided-view.ts";

/** Any lazy tensor as a storage of its elements in C order, so that views can be laid over it. */
export function storageOfTensor(tensor: LazyTensor): SourceStorage {
  return {
    source: {
      name: tensor.name,
      size: tensor.byteLength,
      read: (offset, length, options) => tensor.readBytes(offset, length, options),
      close: async () => {},
    },
    offset: 0,
    byteLength: tensor.byteLength,
  };
}
