import { elementCount } from "../tensor/data-type.ts";
import type { GraphTensor } from "../graph/value.ts";

/** Numbers in 0 (with) … 1 (without), the same for the same seed on every machine: xorshift32 (Marsaglia, Xorshift RNGs, 2003). */
export function seededUniform(seed: number): () => number {
  // Neighbouring seeds start far apart: the golden ratio spreads them over 32 bits.
  let state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let turn = 0; turn < 8; turn++) next();
  return next;
}

/** Normally distributed float32 values (Box and Muller, 1958). */
export function seededNormal(
  seed: number,
  shape: readonly number[],
  { scale = 1, mean = 0 }: { readonly scale?: number; readonly mean?: number } = {},
): Extract<GraphTensor, { dataType: "float32" }> {
  const uniform = seededUniform(seed);
  const data = Float32Array.from({ length: elementCount(shape) }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return mean + scale * radius * Math.cos(2 * Math.PI * uniform());
  });
  return { dataType: "float32", shape, data };
}

/** Integers from `minimum` to, without, `below`. */
export function seededIntegers(
  seed: number,
  shape: readonly number[],
  minimum: number,
  below: number,
): Extract<GraphTensor, { dataType: "int32" }> {
  const uniform = seededUniform(seed);
  const data = Int32Array.from({ length: elementCount(shape) }, () => minimum + Math.floor(uniform() * (below - minimum)));
  return { dataType: "int32", shape, data };
}
