import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Product, element by element. ONNX: Mul. */
export const multiply: Operation<[left: Value, right: Value], NoAttributes> = /*#__PURE__*/ defineArithmetic(
  "multiply",
  "·",
  (left, right) => left * right,
);
