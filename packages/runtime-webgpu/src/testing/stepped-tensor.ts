import { elementCount } from "@longspan/core";
import type { GraphTensor } from "@longspan/core/graph";

/** Numbers between -1 and 1 in so many steps up to 1, the same for the same seed: sums of a few hundred products are exact in float32. */
export function steppedTensor(shape: readonly number[], seed: number, steps: number): GraphTensor & { dataType: "float32" } {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.round((state / 2 ** 32 - 0.5) * 2 * steps) / steps;
  };
  return { dataType: "float32", shape, data: Float32Array.from({ length: elementCount(shape) }, next) };
}
