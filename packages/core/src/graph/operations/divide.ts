import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Quotient, element by element; of int32 values towards zero, and 0 where they are divided by 0. ONNX: Div. */
export const divide: Operation<[left: Value, right: Value], NoAttributes> = /*#__PURE__*/ defineArithmetic(
  "divide",
  "/",
  (left, right) => left / right,
);
