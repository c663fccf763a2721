import type { FileSet } from "./file-set.ts";

/** Where a checkpoint is: a file among others, or (without a name) a folder whose weights file is looked for. */
export interface CheckpointInput {
  readonly files: FileSet;
  readonly fileName?: string | undefined;
}
