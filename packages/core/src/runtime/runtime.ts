// For programs compiled without it: their declarations name Symbol.asyncDispose.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ProgressListener } from "../accounting/progress.ts";
import type { Graph } from "../graph/graph.ts";
import type { GraphTensor } from "../graph/value.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { Weights } from "../tensor/weights.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** What a runtime can do, as data: core, callers and the conformance kit go by this, never by names of runtimes. */
export interface RuntimeCapabilities {
  /** Operations it executes itself. Others are lowered to these where core knows how (see `fitGraph`), or refused. */
  readonly operations: readonly string[];
  /** The data types it can keep weights and compute in, the default first. */
  readonly dataTypes: readonly DataType[];
  /** Whether it can give attention probabilities: `longformerAttention` with `globals`. */
  readonly attentionWeights: boolean;
}

/** Weights are read when a session is prepared. More than a graph needs is fine. */
export type { Weights };

/** How a session is prepared. */
export interface PrepareOptions {
  /** Ends the preparing when it is aborted: what was made is freed, and the error is `aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** `{ stage: "prepare", item: parameter, done, total, unit: "tensors" }`. */
  readonly onProgress?: ProgressListener | undefined;
  /** One of `capabilities.dataTypes`; default: their first. Outputs are float32 all the same. */
  readonly dataType?: DataType | undefined;
  /**
   * Take times, for `Session.profile`: `true` of every step, each by itself, which on a GPU lets none begin before the last has ended;
   * `"run"` of each run as a whole, which changes nothing of how it runs. `feature-missing` is thrown for a device that cannot. Default: false.
   */
  readonly profile?: boolean | "run" | undefined;
}

/** One step of a run, and what it took. */
export interface ProfiledStep {
  /** The value it makes: the name of a node's output. */
  readonly node: string;
  /** What computed it: a kernel's or an operator's name. */
  readonly kernel: string;
  /** How long it took, by the device's clock where it has one. */
  readonly milliseconds: number;
  /** Multiplications and additions that the step's formula needs; 0 where nobody counted. */
  readonly floatingPointOperations: number;
  /** Bytes read and written, each once; 0 where nobody counted. */
  readonly bytes: number;
}

/** Where the time of a run went. */
export interface SessionProfile {
  /** For people: what computed. */
  readonly device: string;
  /** The whole run, as the caller saw it. */
  readonly milliseconds: number;
  /** In the order in which they ran; empty with `profile: "run"`. */
  readonly steps: readonly ProfiledStep[];
  /** With `profile: "run"`: how long the device was at work, by its own clock; of runs that it is given in pieces, the sum of them. */
  readonly deviceMilliseconds?: number | undefined;
}

/** Executes graphs. A plain object from a factory. */
export interface Runtime {
  /** The contract that it follows. Programs that know another one refuse it by name. */
  readonly specificationVersion: 1;
  /** Kebab case: `reference`, `webgpu`. */
  readonly name: string;
  /** What it can do, as data. */
  readonly capabilities: RuntimeCapabilities;
  /**
   * Reads the weights a graph needs and makes everything ready to run it, any number of times and for any batch and sequence.
   * @throws LongspanError `graph-invalid`; `operation-unsupported`; `weights-mismatch` for missing or misshapen weights, all of them
   * named; `weights-not-finite` naming the tensor; `argument-invalid` for a data type it does not have; `aborted`; what reading throws.
   */
  prepare(graph: Graph, weights: Weights, options?: PrepareOptions): Promise<Session>;
}

/** How a session runs. */
export interface RunOptions {
  /** Ends the run when it is aborted, with the error `aborted`; the session stays usable. */
  readonly signal?: AbortSignal | undefined;
  /** Names of graph outputs; only what these need is computed. Default: all. */
  readonly outputs?: readonly string[] | undefined;
  /** `{ stage: "run", item, done, total, unit: "steps" }`. */
  readonly onProgress?: ProgressListener | undefined;
  /**
   * What an earlier run gave and nobody needs any more. A runtime may take the memory of tensors whose names and sizes are those of this run's outputs: it
   * takes it away, as a transfer to another thread does, so that their `data` is empty from then on, also where the run fails; others stay as they are.
   * For large outputs: on systems that give memory page by page, 50 MB of new memory cost as much as the run of a fast GPU. Default: nothing.
   */
  readonly reuse?: Readonly<Record<string, GraphTensor>> | undefined;
}

/** The inputs of a run by name. int64 and other integers are taken for int32, and checked. */
export type SessionInputs = Readonly<Record<string, Tensor>>;

/** A graph with its weights, ready to run. Whoever prepared it disposes it. */
export interface Session {
  /** The graph as it was given: what goes in and comes out. */
  readonly graph: Graph;
  /** For people: what computes, `cpu` or a GPU's name. */
  readonly device: string;
  /**
   * Runs the graph. Runs may overlap in time; each has its own values. The tensors given are not changed, those that come back are the
   * caller's.
   * @throws LongspanError `inputs-invalid` for missing, unknown, misshapen or out-of-range inputs; `id-out-of-range` for ids beyond an
   * embedding table; `argument-invalid` for an unknown output; `aborted`; `closed` after `dispose`.
   */
  run(inputs: SessionInputs, options?: RunOptions): Promise<Record<string, GraphTensor>>;
  /**
   * Where the time of the last run went; undefined before the first. Only sessions prepared with `profile`, on runtimes that can tell,
   * have it.
   */
  readonly profile?: (() => SessionProfile | undefined) | undefined;
  /** Refuses new runs, lets those under way end, then frees everything. A second call does nothing more. */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
