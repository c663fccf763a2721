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

/** The numbers of the `most` largest values, the largest first. */
export function topIndices(values: Float64Array, topK: number): readonly number[] {
  const best: number[] = [];
  for (const [index, value] of values.entries()) {
    if (best.length === topK && value <= (values[best.at(-1) ?? 0] ?? 0)) continue;
    let place = best.length;
    while (place > 0 && (values[best[place - 1] ?? 0] ?? 0) < value) place--;
    best.splice(place, 0, index);
    if (best.length > topK) best.pop();
  }
  return best;
}
