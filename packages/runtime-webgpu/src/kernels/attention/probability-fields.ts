/** The uniforms of `window-probabilities.ts`. */
export const windowProbabilityFields = {
  sequence: "u32",
  hidden: "u32",
  rowStride: "u32",
  queryOffset: "u32",
  keyOffset: "u32",
  vectors: "u32",
  scale: "f32",
  oneSided: "u32",
  globals: "u32",
  tokensStride: "u32",
  firstItem: "u32",
  /** Of all heads of the items, the first of the dispatch, and the element of the bound part of `out` where it begins. */
  firstHead: "u32",
  outStart: "u32",
} as const;

/** The uniforms of `global-probabilities.ts`. */
export const globalProbabilityFields = {
  sequence: "u32",
  hidden: "u32",
  vectors: "u32",
  scale: "f32",
  heads: "u32",
  /** Elements of a token from one head's key to the next one's: 0 where all heads see the same. */
  headStride: "u32",
  slots: "u32",
  globals: "u32",
  splits: "u32",
  tokensStride: "u32",
  firstItem: "u32",
  /** Of all heads of the items, the first of the dispatch, and the element of the bound part of `out` where it begins. */
  firstHead: "u32",
  outStart: "u32",
} as const;
