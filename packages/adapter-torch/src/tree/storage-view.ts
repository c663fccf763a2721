import type { SourceStorage } from "@longspan/core/adapter";
import type { PickleValue } from "@longspan/pickle";
import type { StorageClass } from "./storage-class.ts";

/** A storage as a tensor sees it: the whole of one, or in old files a part of it. */
export interface StorageView {
  readonly storage: SourceStorage;
  readonly storageClass: StorageClass;
  /** Elements of the class into the storage where the view begins; 0 for a whole storage. */
  readonly elementOffset: number;
  /** Elements of the class in the view. */
  readonly elements: number;
}

/**
 * Finds the storage that a persistent id means.
 * @throws LongspanError `tensor-invalid`, `unsupported`; its message names neither the file nor the tensor.
 */
export type ResolveStorage = (id: PickleValue) => StorageView;
