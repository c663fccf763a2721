/** Ways to make one vector of a text's tokens, with the words of sentence-transformers, in the order in which its older files join them. */
export const poolingModes = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"] as const;

/** A way to make one vector of the tokens': one of `poolingModes`. */
export type PoolingMode = (typeof poolingModes)[number];

export function isPoolingMode(value: unknown): value is PoolingMode {
  return poolingModes.some((mode) => mode === value);
}
