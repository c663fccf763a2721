import type { Operation } from "../operation.ts";
import { defineArithmetic } from "./arithmetic.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Difference. ONNX: Sub. */
export const subtract: Operation<[left: Value, right: Value], NoAttributes> = /*#__PURE__*/ defineArithmetic(
  "subtract",
  "-",
  (left, right) => left - right,
);
