import type { FileSet } from "../bytes/file-set.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { MemoryBudget } from "../accounting/memory-budget.ts";
import type { EnvelopeContents } from "./envelope.ts";

/** What a derivation may look at beside the tensors. */
export interface DerivationContext {
  /** The file's name, for messages. */
  readonly source: string;
  /** What lies beside the file: an adapter's settings. */
  readonly files: FileSet;
  /**
   * Opens the model that these tensors build on, where the user named one (option `base`); with the same adapters, and once: the checkpoint's
   * closing closes it. A base that no derivation asks for is told to the user as unused.
   */
  readonly openBase?: (() => Promise<Checkpoint>) | undefined;
  /** A parsed adapter_config.json, where the user gave one (option `adapterConfig`). */
  readonly adapterConfig?: unknown;
  /** Which of a file's adapters is meant, where the user said it (option `adapterName`). */
  readonly adapterName?: string | undefined;
  /** What reading files beside it may still take of memory. */
  readonly budget?: MemoryBudget | undefined;
  /** Ends the work when it is aborted, with the error `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Turns tensors that a file holds in a derived form into the parameters they stand for: a weight kept as direction and length (weight
 * norm), as the values before pruning and a mask, as a base and low-rank updates. Run between envelope and layout, so that layouts and
 * all behind them see ordinary parameters: those of the adapters in turn, each on what the one before it made; of several with one
 * name, the first.
 *
 * What a derivation makes is a new `EnvelopeContents`: the tensors that it consumed are gone from `tensors`, each parameter stands in the
 * place of the first of them (`computedTensor`, under its name as the model has it, wrappers and module prefix kept), and a sentence in
 * `warnings` says what was computed of what. Form that is recognised but cannot be computed goes to `unreadable` under the parameter's
 * name, with the reason and the way out; never let a part of it pass as a parameter of its own.
 */
export interface Derivation {
  /** Kebab case: `weight-norm`. */
  readonly name: string;
  /**
   * The contents with parameters in the place of what they are made of; undefined when the file holds nothing of this form. Reads names,
   * types and shapes, never values.
   * @throws LongspanError when a part is missing or damaged, so that the parameter cannot be known: `weights-mismatch`, `malformed`, `tensor-invalid`.
   */
  derive(contents: EnvelopeContents, context: DerivationContext): EnvelopeContents | undefined | Promise<EnvelopeContents | undefined>;
}
