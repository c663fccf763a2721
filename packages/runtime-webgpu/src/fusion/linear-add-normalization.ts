import { type Operation, operations } from "@longspan/core/graph";
import { inSequence } from "./in-sequence.ts";
import { linearAdd } from "./linear-add.ts";

/**
 * A linear layer, the residual connection around it and the layer normalization behind: where a product of few rows is cut into parts, what adds
 * them up is the normalization.
 */
export const linearAddNormalization: Operation = /*#__PURE__*/ inSequence(
  "linearAddNormalization",
  linearAdd,
  operations.layerNormalization,
  "scale",
  "shift",
);
