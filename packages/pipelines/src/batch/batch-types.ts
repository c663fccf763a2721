import type { ProgressListener } from "@longspan/core";
import type { RunOptions } from "../model/pipeline-options.ts";

/** What every call of a pipeline may be told, but for how it is run: that is the batch's. */
export type CallOptions<Options> = Omit<Options, keyof RunOptions>;

/** One input of many. Whatever else it holds, such as an id, comes back with its outcome. */
export interface BatchItem<Input, Options> {
  /** What the pipeline takes, or a function that reads it when it is its turn; what that throws is this item's error and nobody else's. */
  readonly input: Input | (() => Input | Promise<Input>);
  /** Options for this item, over those of the batch. */
  readonly options?: CallOptions<Options> | undefined;
}

/** What became of an item: a result, or an error of its own. */
export type BatchOutcome<Item, Result> = {
  /** As it was given. */
  readonly item: Item;
  /** Its place among the items, from 0. */
  readonly index: number;
  /** Tokens of its windows, special ones included; 0 where none were made. */
  readonly tokens: number;
} & ({ readonly result: Result; readonly error?: undefined } | { readonly result?: undefined; readonly error: Error });

/** Counts so far. */
export interface BatchProgress {
  /** Items that have a result or an error, and how many of these have an error. */
  readonly items: number;
  /** Of these items, those that have an error. */
  readonly errors: number;
  /** Batches of windows, and windows, that the model has run. */
  readonly batches: number;
  /** Windows that the model has run. */
  readonly windows: number;
  /** Tokens of these windows, and those that only filled shorter ones up to the longest of their batch. */
  readonly tokens: number;
  /** Of these tokens, those that only filled shorter windows up. */
  readonly paddingTokens: number;
}

/** How a batch is run. */
export interface BatchOptions<Options> {
  /** What a call of the pipeline takes, for all items. */
  readonly options?: CallOptions<Options> | undefined;
  /** Gives outcomes as they come instead of in the order of the items. Default: false. */
  readonly unordered?: boolean | undefined;
  /** Windows that run at once, at most. Default: as many as together have no more tokens than the longest window of the model. */
  readonly batchSize?: number | undefined;
  /** The share of a batch's tokens that may be padding, from 0 to 1 (less). Default: 0.02: of long texts, what is padded costs a processor more than running together saves. */
  readonly padding?: number | undefined;
  /** Items that may be read before their outcome is taken: what memory grows with. Default: 256. */
  readonly readAhead?: number | undefined;
  /** Milliseconds that a batch with room waits for more items, where they come one by one. Default: 0, what is there runs at once. */
  readonly patience?: number | undefined;
  /** Ends the batch when it is aborted: the stream rejects with `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Events of the stage `run`, while the model runs: of the windows that are known so far. */
  readonly onProgress?: ProgressListener | undefined;
  /** Told after each batch of windows. */
  readonly onBatch?: ((progress: BatchProgress) => void) | undefined;
}
