import type { FileSet } from "./file-set.ts";

/** Where a checkpoint is: a file among others, or (without a name) a folder whose weights file is looked for. */
export interface CheckpointInput {
  /** The folder that the checkpoint lies in. */
  readonly files: FileSet;
  /** Which of its files is meant. Default: the one that adapters look for. */
  readonly fileName?: string | undefined;
}
