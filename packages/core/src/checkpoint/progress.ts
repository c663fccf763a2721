/** The one shape of progress, everywhere. */
export interface ProgressEvent {
  /** "open", "convert", "verify", … */
  readonly stage: string;
  /** What is being worked on: a tensor's or a file's name. */
  readonly item: string;
  readonly done: number;
  readonly total: number;
  readonly unit: "bytes" | "tensors" | "steps";
}

export type ProgressListener = (event: ProgressEvent) => void;
