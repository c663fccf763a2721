// What planning knows of the kernels that software adapters alone need, and that are loaded there.

/** The uniforms of `project-rows.ts`. */
export const projectFields = {
  sequence: "u32",
  hidden: "u32",
  vectors: "u32",
  headSize: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens whose elements an invocation adds to. */
export const projectedTokens = 4;

/** Elements of a row that a workgroup computes. */
export const projectedElements = 64;

/** The uniforms of `fold-queries.ts`. */
export const foldFields = {
  hidden: "u32",
  vectors: "u32",
  heads: "u32",
  headSize: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens whose elements an invocation adds to. */
export const foldedTokens = 4;

/** Elements of a row that a workgroup computes. */
export const foldedElements = 256;
