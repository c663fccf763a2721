import type { AttentionShape, ChooseAttention } from "../kernels/attention/attention-plan.ts";
import type { AttentionPart } from "../kernels/attention/attention-tuning.ts";
import { windowPairs } from "../kernels/attention/plan-window.ts";

/** Fewer tokens than this cost next to nothing. */
const fewestTokens = 128;
/** More than these a model does not have; what it has beyond them counts for little. */
const most = 16;

/** One part of attention, and the multiplications and additions of all that are like it. */
export interface NeededAttention {
  readonly shape: AttentionShape;
  readonly of: AttentionPart;
  readonly work: number;
}

/** Notes the attention that is planned with it, and chooses by rules. */
export interface NeededAttentions {
  readonly choose: ChooseAttention;
  /** The dearest first. */
  parts(): readonly NeededAttention[];
}

export function neededAttention(): NeededAttentions {
  const found = new Map<string, { readonly shape: AttentionShape; times: number }>();
  return {
    choose(_, shape) {
      const key = JSON.stringify(shape);
      const known = found.get(key) ?? { shape, times: 0 };
      known.times++;
      if (shape.batch * shape.sequence >= fewestTokens) found.set(key, known);
      return {};
    },
    parts: () =>
      [...found.values()]
        .flatMap(({ shape, times }) =>
          partsOf(
            shape,
            [...found.values()].map((one) => one.shape),
          ).map((part) => ({ ...part, work: part.work * times })),
        )
        .toSorted((left, right) => right.work - left.work)
        .slice(0, most),
  };
}

/** The window is measured once for each length, with the most global tokens; global tokens also with as many as about break even. */
function partsOf(shape: AttentionShape, all: readonly AttentionShape[]): readonly NeededAttention[] {
  const { batch, sequence, hidden, heads, oneSided, slots } = shape;
  const sameLength = all.filter((other) => JSON.stringify({ ...other, slots }) === JSON.stringify(shape)).map((other) => other.slots);
  const isFullest = slots === Math.max(...sameLength);
  const ofGlobals = (count: number): number => 4 * batch * count * heads * sequence * hidden;
  const breakEven = Math.min(sequence, 2 ** Math.round(Math.log2(hidden / heads)));
  const parts: NeededAttention[] = [];
  if (isFullest) parts.push({ shape, of: "window", work: 4 * batch * hidden * (windowPairs(sequence, oneSided) + sequence * slots) });
  if (slots > 0) parts.push({ shape, of: "global", work: ofGlobals(slots) });
  // So many are rare: they weigh as much as one.
  if (isFullest && slots > 0 && breakEven > slots) parts.push({ shape: { ...shape, slots: breakEven }, of: "global", work: ofGlobals(1) });
  return parts;
}
