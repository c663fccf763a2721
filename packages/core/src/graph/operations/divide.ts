import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";

/** Quotient, element by element; of int32 values towards zero. ONNX: Div. */
export const divide: Operation = /*#__PURE__*/ defineArithmetic("divide", "/", (left, right) => left / right);
