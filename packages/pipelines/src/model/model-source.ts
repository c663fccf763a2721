import { type Checkpoint, type CheckpointInput, type FileSet, filesFileSet, urlInput } from "@longspan/core";
import { blobSource } from "@longspan/core/adapter";
import type { HubOptions } from "@longspan/hub";
import { place } from "#place";

/**
 * Where a model is: in Node a path, or the name of a model on the hub (`owner/name[@revision]`); a URL, a `File` or the `File`s of a folder, a set of files, what
 * `hubModel` gives, or a checkpoint that is open already.
 * An open checkpoint stays the caller's.
 */
export type ModelSource = string | URL | File | readonly File[] | FileSet | CheckpointInput | Checkpoint;

export function isCheckpoint(source: object): source is Checkpoint {
  return "weights" in source && "tensors" in source;
}

function isFiles(source: object): source is readonly File[] {
  return Array.isArray(source);
}

/** @throws LongspanError `not-found`, `argument-invalid`. */
export async function placeOf(source: Exclude<ModelSource, Checkpoint>, hub: HubOptions = {}): Promise<CheckpointInput> {
  const { signal, timeout, onProgress } = hub;
  const url = (address: string | URL): CheckpointInput => urlInput(address, { signal, timeout, onProgress });
  if (typeof source === "string") return /^https?:\/\//i.test(source) ? url(source) : place(source, hub);
  if (source instanceof URL) return source.protocol === "file:" ? place(decodeURIComponent(source.pathname), hub) : url(source);
  if (isFiles(source)) return { files: filesFileSet(source) };
  if (source instanceof Blob) return { files: fileAlone(source), fileName: source.name };
  return "files" in source ? source : { files: source };
}

function fileAlone(file: File): FileSet {
  return {
    name: file.name,
    resolve: async (fileName) => (fileName === file.name ? blobSource(file) : undefined),
    list: async () => [file.name],
  };
}
