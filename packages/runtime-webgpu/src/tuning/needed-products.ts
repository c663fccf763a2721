import type { LinearShape } from "../kernels/linear/index.ts";
import type { ChooseTiling } from "../kernels/linear/linear-tuning.ts";
import { heuristicTiling } from "../kernels/linear/heuristic-tiling.ts";

/** Fewer rows than this are the heads' and the global tokens', which cost next to nothing. */
const fewestRows = 128;
/** More shapes than these a model does not have; what it has beyond them counts for little. */
const most = 12;

/** Notes the linear layers that are planned with it, and chooses by rules. */
export interface NeededProducts {
  readonly choose: ChooseTiling;
  /** The dearest first. */
  shapes(): readonly LinearShape[];
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
        .toSorted((left, right) => workOf(right.shape) * right.times - workOf(left.shape) * left.times)
        .slice(0, most)
        .map(({ shape }) => shape),
  };
}

function workOf({ rows, columns, inner }: LinearShape): number {
  return rows * columns * inner;
}
