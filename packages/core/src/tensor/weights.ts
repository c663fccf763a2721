import type { LazyTensor } from "./lazy-tensor.ts";

/** A model's weights under canonical names, lazy. */
export interface Weights extends ReadonlyMap<string, LazyTensor> {
  /**
   * For whoever has read them: whether the files they come from are still what they were. Not there for weights in memory.
   * @throws LongspanError `source-changed`; `network-failed`, `aborted`.
   */
  checkUnchanged?(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
}
