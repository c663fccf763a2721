/** What may be overwritten. */
export interface SinkOptions {
  /** Replace what exists. Without it, an existing target is an error. */
  readonly force?: boolean | undefined;
  /** Paths that are being read (files, or folders with all their files): none of them is overwritten, whatever name or link leads to it. */
  readonly sources?: readonly string[] | undefined;
  /** Told what a person may want to know, one sentence each: remnants of an interrupted run that were removed. */
  readonly onNote?: ((note: string) => void) | undefined;
}
