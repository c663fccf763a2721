import type { LinearShape } from "../kernels/linear/index.ts";
import type { ChooseTiling } from "../kernels/linear/linear-tuning.ts";
import { heuristicTiling } from "../kernels/linear/heuristic-tiling.ts";

/** Fewer rows than this are the heads' and the global tokens', which cost next to nothing. */
const fewestRows = 128;
/** More shapes than these a model does not have; what it has beyond them counts for little. */
const most = 12;

/** A linear layer, and the multiplications and additions of all that are like it. */
export interface NeededProduct {
  readonly of: "linear";
  readonly shape: LinearShape;
  readonly work: number;
}

/** Notes the linear layers that are planned with it, and chooses by rules. */
export interface NeededProducts {
  readonly choose: ChooseTiling;
  /** The dearest first. */
  shapes(): readonly NeededProduct[];
}

export function neededProducts(): NeededProducts {
  const found = new Map<string, { readonly shape: LinearShape; times: number }>();
  return {
    choose(facts, product, weightStorage) {
      const { rows, columns, inner, stack, rightLayout } = product;
      if (rows >= fewestRows && stack === 1 && rightLayout === "columns") {
        // Where weights are halves, so is what they are multiplied with.
        const shape: LinearShape = { rows, columns, inner, weightStorage, activationStorage: weightStorage };
        const key = JSON.stringify(shape);
        const known = found.get(key) ?? { shape, times: 0 };
        known.times++;
        found.set(key, known);
      }
      return heuristicTiling(facts, product, weightStorage);
    },
    shapes: () =>
      [...found.values()]
        .map(({ shape, times }) => ({ of: "linear" as const, shape, work: 2 * shape.rows * shape.columns * shape.inner * times }))
        .toSorted((left, right) => right.work - left.work)
        .slice(0, most),
  };
}
