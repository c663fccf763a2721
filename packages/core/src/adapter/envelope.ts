import type { FileSet } from "../bytes/file-set.ts";
import type { TreeValue } from "../checkpoint/tree.ts";
import type { LongspanError } from "../errors/longspan-error.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import type { Head } from "../longformer/head.ts";
import type { Claim } from "./claim.ts";
import type { OpenedContainer } from "./container.ts";
import type { Layout } from "./layout.ts";

/** A tensor of the state dict. */
export interface EnvelopeTensor {
  /** The name a layout sees: wrapper segments such as `_orig_mod.` are off. Module prefixes (`model.`) may stay: see `findPrefix`. */
  readonly name: string;
  /** The path in the file, for reports: `model.encoder.layer.0…`. */
  readonly sourceName: string;
  /** As it is stored; lazy. */
  readonly tensor: LazyTensor;
}

/** A tensor that is in the file but whose values cannot be had. */
export interface UnreadableTensor {
  /** As `EnvelopeTensor.name`: what a layout sees, so that the parameter it would be is known. */
  readonly name: string;
  /** The path in the file, for reports. */
  readonly sourceName: string;
  /** A sentence or two: what it is, and the way out. */
  readonly reason: string;
}

/** What an envelope found: the state dict's tensors, and what is known of the model beside them. */
export interface EnvelopeContents {
  /** The state dict, in the file's order. */
  readonly tensors: readonly EnvelopeTensor[];
  /**
   * Tensors that are there but cannot be read: quantised, sparse, made by a function nobody knows. A parameter among them is reported with its
   * reason, never as missing. Default: none.
   */
  readonly unreadable?: readonly UnreadableTensor[] | undefined;
  /** Tensors knowingly left out, such as optimizer state. */
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
  /** A model configuration found inside the file (Hugging Face's keys), if any. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** The head, when the file says it in words (never from shapes). */
  readonly head?: Head | undefined;
  /**
   * Why these tensors are no model as they are: an adapter without its base. The file is described all the same, and its weights cannot be
   * had. Default: nothing stands in the way.
   */
  readonly problem?: LongspanError | undefined;
  /** The layout of the names, where whoever made them knows it: no other is tried, and the orientation is as it says. Default: what fits. */
  readonly layout?: Layout | undefined;
  /** Where config.json and the tokenizer lie. Default: beside the file. */
  readonly sidecarFiles?: FileSet | undefined;
  /** Everything else the file says, as inert data: hyper-parameters, epoch, versions. */
  readonly metadata: ReadonlyMap<string, TreeValue>;
  /** Sentences for the user: anything odd that was survived. */
  readonly warnings: readonly string[];
}

/** Where in a container the state dict and the metadata lie. */
export interface Envelope {
  /** Kebab case: `state-dict`, `lightning`. */
  readonly name: string;
  /** Looks at structure only; must not throw. */
  detect(container: OpenedContainer): Claim | undefined;
  /**
   * Finds the state dict and what stands beside it; tensors stay lazy.
   * @throws LongspanError `malformed`, `unsupported`.
   */
  open(container: OpenedContainer): EnvelopeContents;
}
