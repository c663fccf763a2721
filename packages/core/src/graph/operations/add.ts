import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";

/** Sum. ONNX: Add. */
export const add: Operation = defineArithmetic("add", "+", (left, right) => left + right);
