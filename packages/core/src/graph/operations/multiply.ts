import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";

/** Product, element by element. ONNX: Mul. */
export const multiply: Operation = defineArithmetic("multiply", "·", (left, right) => left * right);
