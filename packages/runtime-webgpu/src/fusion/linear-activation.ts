import { type Operation, operations } from "@longspan/core/graph";
import { inSequence } from "./in-sequence.ts";

/** A linear layer and the function after it, in one kernel: what lies between never reaches memory. */
export const linearActivation: Operation = /*#__PURE__*/ inSequence("linearActivation", operations.linear, operations.activation);
