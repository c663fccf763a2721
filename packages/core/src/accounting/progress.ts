/** The one shape of progress, everywhere. */
export interface ProgressEvent {
  /** "open", "convert", "verify", "wait" (for a server), … */
  readonly stage: string;
  /** What is being worked on: a tensor's or a file's name, a host. */
  readonly item: string;
  /** How much of `total` is done, in `unit`. */
  readonly done: number;
  /** How much there is, in `unit`. */
  readonly total: number;
  /** What `done` and `total` count. */
  readonly unit: "bytes" | "tensors" | "steps" | "seconds";
}

/** Is told how far work has come. What it throws ends the work. */
export type ProgressListener = (event: ProgressEvent) => void;
