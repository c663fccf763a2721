import { type Checkpoint, checkpointInput, type CheckpointInput, type CheckpointPlace } from "@longspan/core";
import type { HubOptions } from "@longspan/hub";
import { place } from "#place";

/**
 * Where a model is: in Node a path, or the name of a model on the hub (`owner/name[@revision]`); a URL, a `File` or the `File`s of a folder, a set of files, what
 * `hubModel` gives, or a checkpoint that is open already.
 * An open checkpoint stays the caller's.
 */
export type ModelSource = CheckpointPlace | Checkpoint;

export function isCheckpoint(source: object): source is Checkpoint {
  return "weights" in source && "tensors" in source;
}

/** @throws LongspanError `not-found`, `argument-invalid`. */
export async function placeOf(source: CheckpointPlace, hub: HubOptions = {}): Promise<CheckpointInput> {
  const { signal, timeout, onProgress } = hub;
  if (typeof source === "string" && !/^https?:\/\//i.test(source)) return place(source, hub);
  return checkpointInput(source, { signal, timeout, onProgress });
}
