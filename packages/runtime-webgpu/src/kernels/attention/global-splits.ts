import type { SizedAttention } from "./attention-plan.ts";

/**
 * How the rows of global tokens meet the global key and value projections. Both give the same numbers but for rounding.
 *
 * `direct`: the projections of all tokens are formed, as they are written.
 * `reassociated`: they are not, since `q · (W_k x + b_k)` is `(W_kᵀ q) · x` plus a constant that softmax does not see, and the
 * probabilities sum to one, so that `Σ p (W_v x + b_v) = W_v (Σ p x) + b_v`. Each head of a global token then attends to hidden states.
 */
export type GlobalForm = "reassociated" | "direct";

/** How the keys are split among workgroups. Shapes as in `global-task.ts`. */
export interface GlobalSplits {
  readonly form: GlobalForm;
  readonly splits: number;
  /** Keys of a split. */
  readonly splitKeys: number;
  /** Elements of a vector: a head's (direct) or a token's (re-associated). */
  readonly length: number;
  /** Of the partial sums of an item of the batch, and of its statistics. */
  readonly partialElements: number;
  readonly statisticsElements: number;
}

/** About as many workgroups as keep a device busy. */
const busyWorkgroups = { gpu: 512, cpu: 16 } as const;
/** A split has at least so many keys, unless there are fewer: joining splits is work, too. */
const minKeys = 128;
/** Bounds the memory that splits take. */
const maxSplits = 32;

export function splitKeys({ batch, sequence, hidden, heads, headSize, slots, context }: SizedAttention, form: GlobalForm): GlobalSplits {
  const { kind, limits } = context.facts;
  const length = form === "direct" ? headSize : hidden;
  const rows = slots * heads;
  const workgroups = form === "direct" ? batch * heads * Math.ceil(slots / 64) : batch * Math.ceil(rows / 8);
  const wanted = Math.min(Math.ceil(busyWorkgroups[kind] / workgroups), Math.ceil(sequence / minKeys), maxSplits);
  const bindable = Math.floor(limits.maxStorageBufferBindingSize / (4 * rows * length));
  const keys = Math.ceil(sequence / Math.max(1, Math.min(wanted, bindable)));
  const splits = Math.ceil(sequence / keys);
  return { form, splits, splitKeys: keys, length, partialElements: splits * rows * length, statisticsElements: 2 * splits * rows };
}
