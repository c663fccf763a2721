import { type Operation, operations } from "@longspan/core/graph";
import { alikeSum, inSequence } from "./in-sequence.ts";

/** A linear layer and a residual connection around it, in one kernel: what lies between never reaches memory. */
export const linearAdd: Operation = /*#__PURE__*/ inSequence("linearAdd", operations.linear, alikeSum, "addend");
