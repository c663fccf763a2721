import type { ByteSink, DirectorySink } from "../bytes/sink.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import type { TreeValue } from "../checkpoint/tree.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { LongformerSpec } from "../longformer/spec.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { Layout } from "./layout.ts";

/** A file that travels with the weights. */
export interface Sidecar {
  /** Plain, as it is to be written. */
  readonly fileName: string;
  /** Its bytes; open until the conversion ends, which closes it. */
  readonly source: ByteSource;
}

/** One tensor to be written. */
export interface TargetTensor {
  /** Named, shaped, transposed and cast as the target's layout and the request say. */
  readonly tensor: LazyTensor;
  /** The canonical name. */
  readonly canonicalName: string;
}

/** What a target shall write. */
export interface TargetRequest {
  /** In the spec's order. */
  readonly tensors: readonly TargetTensor[];
  /** Tied names (`AddRule`s of the layout): a writer that can express ties writes them, others leave them. */
  readonly aliases: readonly { readonly name: string; readonly of: string }[];
  /** The model's: every parameter with its name, shape and part. */
  readonly spec: LongformerSpec;
  /** What config.json shall say: Hugging Face's keys, `architectures` set for the head, unknown keys of the source kept. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Tokenizer files of the source (config.json is not among them). Empty when a single file is written. */
  readonly sidecars: readonly Sidecar[];
  /** Whether files beside the weights are wanted: false when the user named one file. */
  readonly directory: boolean;
  /** The weights file's name, when the user chose it. */
  readonly fileName?: string | undefined;
  /** Largest shard, in bytes of tensor data; undefined: one file. */
  readonly shardBytes?: number | undefined;
  /** What the source said of itself. */
  readonly metadata: ReadonlyMap<string, TreeValue>;
  /** Takes all files; the caller commits or aborts it. */
  readonly sink: DirectorySink;
  /** Ends the work when it is aborted; `copy` listens to it already. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Copies a tensor's bytes (C order, little endian) into the sink with reading, transposing and writing overlapped, and counts
   * progress. `observe` sees every piece just before it is written (for checksums).
   */
  copy(tensor: LazyTensor, to: ByteSink, observe?: (bytes: Uint8Array) => void): Promise<void>;
}

/** Container + envelope + layout + sidecar files, under the name a user types after `--to`. */
export interface Target {
  /** Kebab case, unique among the adapters in use: what `plan` and `--to` take. */
  readonly name: string;
  /** One line for people: files, names, for whom. */
  readonly description: string;
  /** The layout it is written in, unless another is asked for. */
  readonly layout: Layout;
  /** The container's name, so that "already converted" can be recognised. */
  readonly container: string;
  /** The weights file in a folder. */
  readonly fileName: string;
  /** Endings (`.safetensors`) by which an output path is known to be one file. */
  readonly fileExtensions: readonly string[];
  /** Files that may be written beside the one the user named: an ONNX model's external data. Default: none. */
  readonly besides?: (fileName: string) => readonly string[];
  /** Files of an older output of this kind that must not survive beside a new one (stale shards and indexes). */
  readonly supersedes: readonly RegExp[];
  /** Element types the container can hold; a tensor of another is refused when planning. */
  readonly dataTypes: readonly DataType[];
  /** Keeps parameters the head does not use, where the source has them (the pooler beside a question-answering head). */
  readonly keepsUnused?: boolean;
  /** Whether `shardBytes` is honoured. */
  readonly shards?: boolean;
  /** Writes all files. @throws LongspanError from the sink or the sources. */
  write(request: TargetRequest): Promise<void>;
}
