/** Between -1 and 1, in steps that float16 holds, so that both storages have the same sums. */
export function steppedNoise(length: number, seed: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  let state = seed;
  for (const index of out.keys()) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[index] = Math.round((state / 2 ** 32 - 0.5) * 256) / 128;
  }
  return out;
}
