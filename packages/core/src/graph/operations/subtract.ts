import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";

/** Difference. ONNX: Sub. */
export const subtract: Operation = /*#__PURE__*/ defineArithmetic("subtract", "-", (left, right) => left - right);
