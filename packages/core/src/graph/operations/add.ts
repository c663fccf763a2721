import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Sum. ONNX: Add. */
export const add: Operation<[left: Value, right: Value], NoAttributes> = /*#__PURE__*/ defineArithmetic(
  "add",
  "+",
  (left, right) => left + right,
);
