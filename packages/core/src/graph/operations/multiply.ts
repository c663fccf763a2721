import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";

/** Product, element by element. ONNX: Mul. */
export const multiply: Operation = /*#__PURE__*/ defineArithmetic("multiply", "·", (left, right) => left * right);
