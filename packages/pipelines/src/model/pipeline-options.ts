// For programs compiled without it: their declarations name Symbol.asyncDispose.
/// <reference lib="esnext.disposable" preserve="true" />
import type { AttentionWindows, DataType, FileSet, FormatAdapter, Head, OpenLimits, ProgressListener } from "@longspan/core";
import type { OptionNames } from "@longspan/core/adapter";
import type { Runtime, Session } from "@longspan/core/runtime";
import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";
import type { ModelSource } from "./model-source.ts";

/** What every pipeline is made of. */
export interface PipelineOptions {
  /** Where the model is (a path or a hub's name in Node, a URL, files), or a checkpoint that is open and stays the caller's. */
  readonly model: ModelSource;
  /** The formats the model may be in. Not needed for a checkpoint that is open already. */
  readonly adapters?: readonly FormatAdapter[] | undefined;
  /** What computes: `webgpu()`, `ort()`, `referenceRuntime()`. */
  readonly runtime: Runtime;
  /** Where the tokenizer's files are (a path, a name on the hub, a URL, files), or a tokenizer. Default: beside the model. */
  readonly tokenizer?: string | URL | readonly File[] | FileSet | TextTokenizer | undefined;
  /** A parsed config.json; wins over what lies beside or inside the model. */
  readonly config?: unknown;
  /** Windows of attention that win over the configuration's: one for all layers, or one for each. */
  readonly window?: AttentionWindows | undefined;
  /** Of an adapter (PEFT): where the model is that it was trained on, into which it is merged. Not for a checkpoint that is open already. */
  readonly base?: string | URL | File | readonly File[] | FileSet | undefined;
  /** Of an adapter (PEFT): its parsed adapter_config.json, where none lies beside it. */
  readonly adapterConfig?: unknown;
  /** Which adapter (PEFT) is merged, where a file holds several. */
  readonly adapterName?: string | undefined;
  /** Which head the checkpoint has, where it does not say so itself. */
  readonly head?: Head | undefined;
  /** What opening the model may cost; default: see `OpenLimits`. */
  readonly limits?: OpenLimits | undefined;
  /** The data type the runtime keeps weights and computes in: one of its capabilities. */
  readonly dataType?: DataType | undefined;
  /** Take the time of every step, for the pipeline's `profile`. Default: false. */
  readonly profile?: boolean | undefined;
  /** Ends opening and preparing when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Events of the stages `download` (models by name), `open`, `tokenizer` and `prepare`. */
  readonly onProgress?: ProgressListener | undefined;
}

/** What every call of a pipeline takes. */
export interface RunOptions {
  /** Ends the call when it is aborted, with the error `aborted`; the pipeline stays usable. */
  readonly signal?: AbortSignal | undefined;
  /** Events of the stage `run`. */
  readonly onProgress?: ProgressListener | undefined;
  /** How many windows run at once. Default 1; more is quicker on a GPU and takes more memory. */
  readonly batchSize?: number | undefined;
}

/** What every pipeline is made of, by name. */
export const pipelineOptionNames: OptionNames<PipelineOptions> = {
  model: true,
  adapters: true,
  runtime: true,
  tokenizer: true,
  config: true,
  window: true,
  base: true,
  adapterConfig: true,
  adapterName: true,
  head: true,
  limits: true,
  dataType: true,
  profile: true,
  signal: true,
  onProgress: true,
};

/** What every call of a pipeline takes, by name. */
export const runOptionNames: OptionNames<RunOptions> = { signal: true, onProgress: true, batchSize: true };

/** What every pipeline has beside being called. */
export interface PipelineHandle {
  /** The model's path or URL. */
  readonly model: string;
  /** The runtime's name, and for people what it computes on. */
  readonly runtime: string;
  /** For people: what computes, `cpu` or a GPU's name. */
  readonly device: string;
  /**
   * Where the time of the last run of the model went (of the last batch of windows); undefined before the first. Only with option
   * `profile`, on runtimes that can tell.
   */
  readonly profile?: Session["profile"];
  /** Frees the model, after the calls under way have ended as they would; later ones throw `closed`. A second call does nothing more. */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
