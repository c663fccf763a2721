import { largest } from "./largest.ts";

/** Of one row of scores, in float64. */
export function softmax(logits: Float32Array): Float64Array {
  const max = logits.reduce((max, logit) => Math.max(max, logit), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - max));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function sigmoid(logits: Float32Array): Float64Array {
  return Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}

/** The numbers of the `topK` largest values, the largest first. */
export function topIndices(values: Float64Array, topK: number): readonly number[] {
  const best = largest<number>(topK);
  for (const [index, value] of values.entries()) best.offer(value, () => index);
  return best.sorted();
}
