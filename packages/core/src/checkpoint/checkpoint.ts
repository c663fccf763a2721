// For programs compiled without it: their declarations name Symbol.asyncDispose.
/// <reference lib="esnext.disposable" preserve="true" />
import type { FileSet } from "../bytes/file-set.ts";
import type { LongspanError } from "../errors/longspan-error.ts";
import type { LongformerConfig } from "../longformer/config.ts";
import type { Extension } from "../longformer/extend-config.ts";
import type { AnyHead } from "../longformer/head-definition.ts";
import type { LongformerSpec } from "../longformer/spec.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { Weights } from "../tensor/weights.ts";
import type { TreeValue } from "./tree.ts";

/** One tensor of a file and what it is in a Longformer. */
export interface CheckpointTensor {
  /** The name in the file, in full. */
  readonly sourceName: string;
  /** As stored. */
  readonly tensor: LazyTensor;
  /** The parameter it is (or repeats); null for one that is no parameter. */
  readonly canonicalName: string | null;
  /** The stored matrix has its axes swapped, against the canonical orientation. */
  readonly transposed: boolean;
  /** `alias`: a second name of a parameter's values. `dropped`: left out, `reason` says why. `unexpected`: nothing of this model. */
  readonly role: "parameter" | "alias" | "dropped" | "unexpected";
  /** Why it is dropped or an alias. */
  readonly reason?: string | undefined;
}

/** One of the models whose parameters lie in a file. */
export interface ModelInFile {
  /** What stands before its trunk's names: option `prefix` chooses it. */
  readonly prefix: string;
  /** How many tensors it has, its head's among them. */
  readonly tensors: number;
  /** Whether it is the one that the checkpoint is. */
  readonly read: boolean;
  /** The prefix of the model before it that is the same, tensor by tensor, in the same storages; null when it has values of its own. */
  readonly sameStorageAs: string | null;
  /** Names of the first model that it lacks, and its own that the first lacks: behind their prefixes. */
  readonly missing: readonly string[];
  /** Names of its own that the first model lacks, behind its prefix. */
  readonly extra: readonly string[];
  /** Names that both have, in other shapes: in elements, its own and the first model's. */
  readonly otherShapes: readonly { readonly name: string; readonly shape: readonly number[]; readonly firstShape: readonly number[] }[];
}

/** A tensor that is in the file but whose values cannot be had. */
export interface UnreadableParameter {
  /** The name in the file, in full. */
  readonly sourceName: string;
  /** The parameter it would be; null when it is none, or its name is no Longformer's. */
  readonly canonicalName: string | null;
  /** What it is, and the way out. */
  readonly reason: string;
}

/** What a layout's rules and a file's rectangular weights say together: `transposed` means every linear weight lies transposed against them. */
export type Orientation = "declared" | "transposed";

/** An opened checkpoint: headers are read, values stay where they are. Whoever opened it closes it. */
export interface Checkpoint {
  /** The file's path or URL. */
  readonly name: string;
  /** Name of the container that the file is in: `safetensors`, `torch-zip`. */
  readonly container: string;
  /** Name of the envelope that the state dict lay in: `state-dict`, `lightning`. */
  readonly envelope: string;
  /** Null when the names are no Longformer's: see `problem`. */
  readonly layout: string | null;
  /** What stands before the trunk's names in the file: `model.`. */
  readonly prefix: string;
  /** How its linear weights lie, decided by the rectangular ones; null when the names are no Longformer's. */
  readonly orientation: Orientation | null;
  /** One of transformers' heads by its name, or the definition it was opened with. */
  readonly head: AnyHead | null;
  /** The model's sizes, as Hugging Face means them; null where none was given, found or recognised, and `problem` says so. */
  readonly config: LongformerConfig | null;
  /** Where the configuration came from, for people. */
  readonly configOrigin: string | null;
  /** Every parameter that such a model has; null without a configuration and a head. */
  readonly spec: LongformerSpec | null;
  /** Without those of the file's other models. */
  readonly tensors: readonly CheckpointTensor[];
  /**
   * The models whose names the layout knows, Longformers first; empty when there is none. Of several, `problem` asks for one (option
   * `prefix`); what the others have is not among `tensors` then.
   */
  readonly models: readonly ModelInFile[];
  /** Tensors that are there but cannot be read, and why. A parameter among them is named in `weights()`' error, not called missing. */
  readonly unreadable: readonly UnreadableParameter[];
  /** What the envelope left out: optimizer state and the like. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  /** What the file says beside the weights, as inert data: hyper-parameters, epoch, versions. */
  readonly metadata: ReadonlyMap<string, TreeValue>;
  /** Sentences for the user: whatever was odd and was survived. */
  readonly warnings: readonly string[];
  /** What was done to a RoBERTa that was opened as the Longformer made of it (option `extend`). */
  readonly extension?: Extension | undefined;
  /**
   * Why the file is not known to be a model, where it is not: inspecting works, `weights()` throws this. Parameters that a known model lacks, or has in
   * other shapes, are told by `weights()` itself, which reads no values, and by a plan's `problem`.
   */
  readonly problem: LongspanError | undefined;
  /** What lies beside the file. */
  readonly files: FileSet;
  /**
   * The model's parameters under canonical names, in canonical orientation, in the spec's order, still lazy. Unused parameters
   * (a pooler beside a question-answering head) are among them when the file has them.
   * @throws LongspanError `problem`; `weights-mismatch` or `config-mismatch` when a parameter is missing or has a wrong shape.
   */
  weights(): Weights;
  /**
   * For whoever has read values: whether all files that were read of the checkpoint, through it or through `files`, are still what they
   * were. Converting and comparing ask this themselves, and so does a runtime of the weights it has read.
   * @throws LongspanError `source-changed`; `network-failed`, `aborted`.
   */
  checkUnchanged(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Gives back the files it holds. Tensors throw `closed` from then on; a second call does nothing more. */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
