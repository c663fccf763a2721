import type { ByteSink, LazyTensor } from "@longspan/core";
import type { TorchValue } from "./torch-value.ts";

/** Copies a tensor's bytes (C order, little endian) into the sink; `TargetRequest.copy` is one. */
export type CopyTensor = (
  tensor: LazyTensor,
  to: ByteSink,
  observe?: (bytes: Uint8Array) => void,
) => Promise<void>;

export interface TorchZipContents {
  /** What `torch.load` shall return. A tree: no value may contain itself. */
  readonly root: TorchValue;
  /** The archive's only top folder: torch takes the file's stem, or `archive`. One plain ASCII name. */
  readonly topFolder: string;
  readonly copy: CopyTensor;
}

/**
 * Writes a file of `torch.save` (zip, torch 1.6 and later) that `torch.load` accepts with `weights_only=True` and `mmap=True`.
 * Every tensor is read once, in the order of first appearance in `root`. Does not close the sink.
 * @throws LongspanError `unsupported` for a value torch could not load safely; whatever `copy` and the sink throw.
 */
export async function writeTorchZip(sink: ByteSink, contents: TorchZipContents): Promise<void> {
  void sink;
  void contents;
}
