import { type Operation, operations } from "@longspan/core/graph";
import { alikeSum, inSequence } from "./in-sequence.ts";

/** A residual connection and the layer normalization after it, in one kernel. */
export const addNormalization: Operation = /*#__PURE__*/ inSequence(
  "addNormalization",
  alikeSum,
  operations.layerNormalization,
  "scale",
  "shift",
);
