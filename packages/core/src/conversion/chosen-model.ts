import type { EnvelopeContents } from "../adapter/envelope.ts";
import type { ModelInFile } from "../checkpoint/checkpoint.ts";
import type { LongspanError } from "../errors/longspan-error.ts";
import type { LayoutMatch } from "./match-layout.ts";

export interface ChosenModel {
  /** Readings of the chosen model's tensors alone. */
  readonly match: LayoutMatch;
  /** Without the other models' tensors. */
  readonly contents: EnvelopeContents;
  /** All models of the file; empty where there is only a stray name or two. */
  readonly models: readonly ModelInFile[];
  readonly problem?: LongspanError;
  readonly notes: readonly string[];
}

/** Which model is meant, and why. */
export interface ModelRequest {
  /** The user's. */
  readonly prefix: string | undefined;
  /** The file's name, for messages. */
  readonly source: string;
}
