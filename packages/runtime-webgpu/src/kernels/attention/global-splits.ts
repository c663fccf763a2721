import type { SizedAttention } from "./attention-plan.ts";
import { tileColumns } from "./global-tiling.ts";
import { jointKeys, jointRows, type JointTiling } from "./joint-tiling.ts";

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
  /** Where it is made in one kernel on matrix units. */
  readonly joint: JointTiling | undefined;
  /** Slots that there is room for: as many as there are, or more, so that rows fill whole tiles of `jointRows`. */
  readonly slots: number;
  readonly splits: number;
  /** Keys of a split; in the re-associated form on a GPU whole tiles of `tileColumns`, or whole steps of `jointKeys`. */
  readonly splitKeys: number;
  /** Elements of a vector: a head's (direct) or a token's (re-associated). */
  readonly length: number;
  /** Of the scores of an item, where they are kept: in the re-associated form on a GPU, unless it is made in one kernel. */
  readonly scoreElements: number;
  /** Of the partial sums of an item of the batch, and of its statistics. */
  readonly partialElements: number;
  readonly statisticsElements: number;
}

/** About as many workgroups as keep a device busy. */
const busyWorkgroups = { gpu: 512, cpu: 16 } as const;
/** About as many workgroups of `matrix-joint.ts` and `matrix-sweep.ts` as a large GPU runs at once: more would wait for the first to end. */
const jointWorkgroups = 132;
/** A split has at least so many keys, unless there are fewer: joining splits is work, too. */
const minKeys = { joint: 32, others: 128 } as const;
/** Bounds the memory that splits take. */
export const maxSplits = 32;

/**
 * Up to how many global tokens the re-associated form is faster. The two forms need as many multiplications at about `headSize` of them. On
 * a GPU the products of both are cut alike; a software adapter makes better use of the direct form's matrix products: for heads of 64
 * they took the same time at 32 on lavapipe (`npm run bench:attention`).
 */
export function reassociateUpTo({ headSize, context }: SizedAttention): number {
  return context.facts.kind === "gpu" ? headSize : headSize / 2;
}

/** Whether the scores that the re-associated form keeps of an item on a GPU can be bound. */
export function fitsScores({ sequence, heads, slots, context }: SizedAttention): boolean {
  const { kind, limits } = context.facts;
  return kind === "cpu" || 4 * scoresOf(slots * heads, sequence) <= limits.maxStorageBufferBindingSize;
}

/** The elements of the scores of an item: rows of whole tiles of keys. */
function scoresOf(rows: number, sequence: number): number {
  return rows * Math.ceil(sequence / tileColumns) * tileColumns;
}

/** The next number of slots whose rows are whole tiles. */
function jointSlots(slots: number, heads: number): number {
  let room = slots;
  while ((room * heads) % jointRows !== 0) room++;
  return room;
}

/** Splits whose partial sums may be bound. */
function bindableSplits({ heads, context }: SizedAttention, room: number, length: number): number {
  return Math.floor(context.facts.limits.maxStorageBufferBindingSize / (4 * room * heads * length));
}

/** Whether a tiling that fits a device can have sequences as long as this: a sweep's keys are those of a split, and it reads 16 at a time. */
export function takesSequence(sized: SizedAttention, tiling: JointTiling): boolean {
  if (tiling.kind === "steps") return true;
  const { sequence, hidden, heads, slots } = sized;
  const most = Math.min(maxSplits, bindableSplits(sized, jointSlots(slots, heads), hidden));
  return sequence >= jointKeys && Math.ceil(sequence / tiling.keys) <= most;
}

export function splitKeys(sized: SizedAttention, form: GlobalForm, joint?: JointTiling): GlobalSplits {
  const { batch, sequence, hidden, heads, headSize, slots } = sized;
  const { kind } = sized.context.facts;
  const direct = form === "direct";
  const products = !direct && kind === "gpu" && joint === undefined;
  const length = direct ? headSize : hidden;
  const rows = slots * heads;
  const room = joint === undefined ? slots : jointSlots(slots, heads);
  const columnTiles = Math.ceil(hidden / tileColumns);
  const workgroups = batch * (direct ? heads * Math.ceil(slots / 64) : products ? columnTiles * Math.ceil(rows / 64) : Math.ceil(rows / 8));
  /** How many there are at least. */
  const needed = joint?.kind === "sweep" ? Math.ceil(sequence / joint.keys) : 1;
  const wanted =
    joint === undefined
      ? Math.min(Math.ceil(busyWorkgroups[kind] / workgroups), Math.ceil(sequence / minKeys.others), maxSplits)
      : Math.min(Math.floor(jointWorkgroups / (batch * Math.ceil(rows / jointRows))), Math.ceil(sequence / minKeys.joint), maxSplits);
  const bindable = bindableSplits(sized, room, length);
  const atLeast = Math.ceil(sequence / Math.max(needed, Math.min(wanted, bindable)));
  const step = products ? tileColumns : joint === undefined ? 1 : jointKeys;
  const keys = Math.ceil(atLeast / step) * step;
  const splits = Math.ceil(sequence / keys);
  return {
    form,
    joint,
    slots: room,
    splits,
    splitKeys: keys,
    length,
    scoreElements: products ? scoresOf(rows, sequence) : 0,
    partialElements: splits * room * heads * length,
    statisticsElements: 2 * splits * room * heads,
  };
}
