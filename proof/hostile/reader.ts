import type { FileSet } from "@longspan/core";

export interface Reader {
  /** What the file is called, where a case does not say. */
  readonly fileName: string;
  /** Does all that is done with such a file. @returns what was read, small enough to be compared */
  readonly read: (files: FileSet, fileName: string) => Promise<unknown>;
}
