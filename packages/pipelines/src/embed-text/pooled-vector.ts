import type { PoolingMode } from "./pooling-mode.ts";

/** Gathers the vectors of a text's tokens, a window at a time, and makes one vector of them (sentence-transformers, modules/pooling.py). */
export interface PooledVector {
  /**
   * @param hidden the vectors of a window's tokens, `[tokens, size]`; more may follow, such as padding
   * @param tokens how many there are
   */
  add(hidden: Float32Array, tokens: number): void;
  /** One vector of `size` numbers for each mode, joined in their order. */
  result(): Float64Array;
}

/**
 * @param size how many numbers a token's vector has
 * @param skipped tokens at the start that do not count (a prompt); their places do, in weights that grow with the place
 */
export function pooledVector(modes: readonly PoolingMode[], size: number, skipped = 0): PooledVector {
  const sum = new Float64Array(size);
  const weighted = new Float64Array(size);
  const largest = new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
  const first = new Float64Array(size);
  const last = new Float64Array(size);
  // Each takes a walk over every number.
  const needs = {
    sum: modes.includes("mean") || modes.includes("mean_sqrt_len_tokens"),
    weighted: modes.includes("weightedmean"),
    largest: modes.includes("max"),
  };
  let [seen, counted, weights] = [0, 0, 0];
  const results: Readonly<Record<PoolingMode, () => Float64Array>> = {
    cls: () => first,
    max: () => largest,
    mean: () => sum.map((value) => value / Math.max(counted, minDivisor)),
    mean_sqrt_len_tokens: () => sum.map((value) => value / Math.sqrt(Math.max(counted, minDivisor))),
    weightedmean: () => weighted.map((value) => value / Math.max(weights, minDivisor)),
    lasttoken: () => last,
  };
  return {
    add(hidden, tokens) {
      for (let token = 0; token < tokens; token++) {
        const vector = hidden.subarray(token * size, (token + 1) * size);
        const place = ++seen;
        // Where nothing else counts, the very first token is the first.
        if (place === 1 || (counted === 0 && place > skipped)) first.set(vector);
        if (place <= skipped) continue;
        last.set(vector);
        counted++;
        weights += place;
        if (needs.sum) for (let axis = 0; axis < size; axis++) sum[axis] = (sum[axis] ?? 0) + (vector[axis] ?? 0);
        if (needs.weighted) for (let axis = 0; axis < size; axis++) weighted[axis] = (weighted[axis] ?? 0) + (vector[axis] ?? 0) * place;
        if (needs.largest) for (let axis = 0; axis < size; axis++) largest[axis] = Math.max(largest[axis] ?? 0, vector[axis] ?? 0);
      }
    },
    result() {
      const joined = new Float64Array(modes.length * size);
      for (const [index, mode] of modes.entries()) joined.set(results[mode](), index * size);
      return joined;
    },
  };
}

/** What sentence-transformers divides by where nothing counts. */
const minDivisor = 1e-9;

/** The vector with length 1; as it is where it has none. */
export function unitVector(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}
