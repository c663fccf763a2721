import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";

/** Sum. ONNX: Add. */
export const add: Operation = /*#__PURE__*/ defineArithmetic("add", "+", (left, right) => left + right);
