import type { ModelPlace } from "./model-place.ts";
import type { Problem } from "./problem.ts";

export type RuntimeName = "webgpu" | "wasm" | "reference";
export type RuntimeChoice = RuntimeName | "automatic";
export type Precision = "float32" | "float16";

/** How models are run. */
interface RunSettings {
  readonly runtime: RuntimeChoice;
  /** Of WebGPU alone. */
  readonly precision: Precision;
}

/** A model, and how it is run. */
export interface ModelRequest extends RunSettings {
  readonly place: ModelPlace;
}

/** One way of running models, as found on this machine. */
export interface RuntimeOffer {
  readonly name: RuntimeName;
  /** The GPU's name, or how many threads. */
  readonly detail: string;
  readonly usable: boolean;
  /** Why it is not taken by itself, where it is not: see `texts.run.reasons`. */
  readonly obstacle?: "no-webgpu" | "no-adapter" | "software-gpu" | "no-module" | "slow" | undefined;
}

export interface RuntimeReport {
  readonly offers: readonly RuntimeOffer[];
  /** What "automatic" means here. */
  readonly automatic: RuntimeName;
  readonly isolated: boolean;
}

/** Whether the document is a text already, or a file that has to be read. */
export interface DocumentRequest {
  readonly key: string;
  readonly name: string;
  readonly content: string | Blob;
}

interface ReadDocument {
  readonly text: string;
  /** Sentences about what was not read. */
  readonly warnings: readonly string[];
}

/** Where in its source a piece of a document is, as far as the source has such places. */
export interface Place {
  readonly page?: number | undefined;
  readonly paragraph?: number | undefined;
  readonly note?: string | undefined;
  readonly line?: number | undefined;
}

export interface FoundAnswer {
  readonly text: string;
  /** In UTF-16 units of the document's text. */
  readonly start: number;
  readonly end: number;
  /** 0 to 1. */
  readonly score: number;
  readonly place: Place;
}

export interface Timing {
  readonly stage: "open" | "weights" | "answer";
  readonly milliseconds: number;
}

/** A model that is ready. */
export interface LoadedModel {
  readonly name: string;
  readonly runtime: RuntimeName;
  readonly device: string;
  readonly precision: Precision;
  /** What the weights take where they are computed with. */
  readonly weightBytes: number;
  readonly parameters: number;
  readonly maxTokens: number;
  readonly layers: number;
  readonly heads: number;
}

export interface AskRequest {
  readonly model: ModelRequest;
  readonly document: DocumentRequest;
  readonly question: string;
  readonly topK: number;
}

export interface AskResult {
  readonly model: LoadedModel;
  /** The best first; no two of them overlap. */
  readonly answers: readonly FoundAnswer[];
  /** Whether others are as likely as the best. */
  readonly lowConfidence: boolean;
  readonly windows: number;
  readonly timings: readonly Timing[];
}

export interface ExplainRequest {
  readonly model: ModelRequest;
  readonly document: DocumentRequest;
  readonly question: string;
  readonly start: number;
  readonly end: number;
  /** Undefined: the last one. */
  readonly layer: number | undefined;
  readonly of: AttentionOf;
}

/** Whose attention is shown: that of the answer's tokens, or of the global ones, which are the question's. */
export type AttentionOf = "answer" | "globals";

/** A token of the row that the model read. */
export interface SeenToken {
  readonly text: string;
  /** In the document's text; undefined for tokens of the question and special ones. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** What the answer's tokens, or the global ones, looked at in one layer. */
export interface Explanation {
  readonly of: AttentionOf;
  readonly layer: number;
  readonly layers: number;
  readonly heads: number;
  /** Both sides together. */
  readonly window: number;
  /** Those who look. */
  readonly rows: readonly SeenToken[];
  readonly globals: readonly SeenToken[];
  /** Of an answer, the tokens around it, from the first that its first token sees to the last that its last one sees; of global ones, all others. */
  readonly around: readonly SeenToken[];
  /** `[heads, rows, globals + around]`; each row sums to 1. */
  readonly probabilities: Float32Array;
}

export type Slot = "look" | "left" | "right" | "convert";

export interface TensorRow {
  readonly name: string;
  readonly canonicalName: string | null;
  readonly dataType: string;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly role: string;
  readonly reason?: string | undefined;
  readonly transposed: boolean;
  /** By layout; null where the head has no such parameter. */
  readonly otherNames: Readonly<Record<string, string>>;
}

export interface Inspection {
  readonly name: string;
  readonly container: string;
  readonly envelope: string;
  readonly layout: string | null;
  readonly head: string | null;
  readonly prefix: string;
  readonly orientation: string | null;
  readonly configOrigin: string | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly parameterCount: number;
  readonly tensorBytes: number;
  readonly tensors: readonly TensorRow[];
  readonly layouts: readonly string[];
  readonly targets: readonly string[];
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  readonly problem: Problem | null;
}

export interface TensorStatistics {
  readonly elements: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly mean: number;
  readonly deviation: number;
  readonly zeros: number;
  readonly notFinite: number;
  /** Counts of equal steps from minimum to maximum. */
  readonly histogram: readonly number[];
}

interface ComparedTensor {
  readonly name: string;
  readonly elements: number;
  readonly differing: number;
  readonly maxAbsoluteDifference: number;
  readonly maxRelativeDifference: number;
}

export interface Comparison {
  readonly equal: boolean;
  readonly compared: number;
  readonly differing: number;
  readonly maxAbsoluteDifference: number;
  readonly ignored: readonly { readonly name: string; readonly reason: string }[];
  readonly onlyInLeft: readonly string[];
  readonly onlyInRight: readonly string[];
  readonly tensors: readonly ComparedTensor[];
}

interface PlanRow {
  readonly source: string;
  readonly sourceShape: readonly number[];
  readonly target: string;
  readonly targetShape: readonly number[];
  readonly transposed: boolean;
}

export interface PlanReport {
  readonly target: string;
  readonly rows: readonly PlanRow[];
  readonly bytes: number;
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  readonly problem: Problem | null;
}

/** Where a conversion goes: a folder that the user chose, or one of this browser's private file system, from which one file is downloaded. */
export type SavePlace =
  | { readonly kind: "folder"; readonly handle: FileSystemDirectoryHandle }
  | { readonly kind: "download"; readonly folder: string };

export interface ConvertRequest {
  readonly place: ModelPlace;
  readonly target: string;
  readonly dataType: string | undefined;
  readonly to: SavePlace;
}

export interface Converted {
  readonly files: readonly { readonly name: string; readonly size: number }[];
  readonly bytes: number;
  readonly milliseconds: number;
  /** One file, or a zip of several; lies in this browser until it is fetched. */
  readonly download?: { readonly name: string; readonly file: File } | undefined;
}

/** What is asked of the worker, and what it answers. */
interface Calls {
  runtimes: (request: null) => RuntimeReport;
  read: (request: DocumentRequest) => ReadDocument;
  load: (request: ModelRequest) => LoadedModel;
  unload: (request: null) => null;
  ask: (request: AskRequest) => AskResult;
  explain: (request: ExplainRequest) => Explanation;
  closeExplanation: (request: null) => null;
  inspect: (request: { readonly slot: Slot; readonly place: ModelPlace }) => Inspection;
  close: (request: { readonly slot: Slot }) => null;
  statistics: (request: { readonly slot: Slot; readonly place: ModelPlace; readonly tensor: number }) => TensorStatistics;
  compare: (request: { readonly left: ModelPlace; readonly right: ModelPlace }) => Comparison;
  plan: (request: Omit<ConvertRequest, "to">) => PlanReport;
  convert: (request: ConvertRequest) => Converted;
  keep: (request: { readonly place: ModelPlace; readonly folder: string }) => { readonly bytes: number };
}

export type CallName = keyof Calls;
export type Request<Name extends CallName> = Parameters<Calls[Name]>[0];
export type Result<Name extends CallName> = ReturnType<Calls[Name]>;

/** How far something is. */
export interface Progress {
  readonly stage: "download" | "open" | "weights" | "answer" | "explain" | "compare" | "convert" | "zip" | "statistics" | "keep";
  readonly item: string;
  readonly done: number;
  readonly total: number;
  readonly unit: "bytes" | "steps" | "windows";
}

export type ToWorker =
  | { readonly kind: "call"; readonly id: number; readonly name: CallName; readonly request: unknown }
  | { readonly kind: "cancel"; readonly id: number };

export type FromWorker =
  /** The name of a lock that the worker holds as long as it lives. */
  | { readonly kind: "started"; readonly lock: string }
  | { readonly kind: "progress"; readonly id: number; readonly progress: Progress }
  | { readonly kind: "done"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failed"; readonly id: number; readonly problem: Problem };
