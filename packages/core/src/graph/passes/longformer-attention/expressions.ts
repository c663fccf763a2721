import type { Dimension, Shape } from "../../dimension.ts";
import type { GraphBuilder } from "../../graph-builder.ts";
import { scalar } from "../../layers.ts";
import { add } from "../../operations/add.ts";
import { concatenate } from "../../operations/concatenate.ts";
import { equal } from "../../operations/equal.ts";
import { gatherRows } from "../../operations/gather-rows.ts";
import { linear } from "../../operations/linear.ts";
import { matMul } from "../../operations/mat-mul.ts";
import { multiply } from "../../operations/multiply.ts";
import { pad } from "../../operations/pad.ts";
import { reshape } from "../../operations/reshape.ts";
import { select } from "../../operations/select.ts";
import { slice } from "../../operations/slice.ts";
import { softmax } from "../../operations/softmax.ts";
import { transpose } from "../../operations/transpose.ts";
import type { Value } from "../../value.ts";

/** Operations as one writes them in a formula. */
export interface Expressions {
  number(value: number): Value;
  plus(left: Value, right: Value): Value;
  times(x: Value, factor: number): Value;
  product(left: Value, right: Value): Value;
  linear(x: Value, weight: Value, bias: Value): Value;
  softmax(x: Value): Value;
  equals(codes: Value, code: number): Value;
  /** One of two numbers. */
  either(condition: Value, yes: number, no: number): Value;
  chosen(condition: Value, yes: Value, no: Value): Value;
  gathered(x: Value, indices: Value): Value;
  reshaped(x: Value, shape: Shape): Value;
  permuted(x: Value, permutation: readonly number[]): Value;
  joined(values: readonly Value[], axis: number): Value;
  /** From `start` up to `end` along an axis. */
  cut(x: Value, axis: number, start: Dimension, end: Dimension): Value;
  /** With zeros before and after along an axis. */
  padded(x: Value, axis: number, before: Dimension, after: Dimension): Value;
}

export function expressions(builder: GraphBuilder): Expressions {
  const number = (value: number): Value => scalar(builder, value);
  return {
    number,
    plus: (left, right) => builder.apply(add, [left, right]),
    times: (x, factor) => builder.apply(multiply, [x, number(factor)]),
    product: (left, right) => builder.apply(matMul, [left, right]),
    linear: (x, weight, bias) => builder.apply(linear, [x, weight, bias]),
    softmax: (x) => builder.apply(softmax, [x]),
    equals: (codes, code) => builder.apply(equal, [codes, scalar(builder, code, "int32")]),
    either: (condition, yes, no) => builder.apply(select, [condition, number(yes), number(no)]),
    chosen: (condition, yes, no) => builder.apply(select, [condition, yes, no]),
    gathered: (x, indices) => builder.apply(gatherRows, [x, indices]),
    reshaped: (x, shape) => builder.apply(reshape, [x], { shape }),
    permuted: (x, permutation) => builder.apply(transpose, [x], { permutation }),
    joined: (values, axis) => builder.apply(concatenate, values, { axis }),
    cut: (x, axis, start, end) => builder.apply(slice, [x], { axis, start, end }),
    padded: (x, axis, before, after) => builder.apply(pad, [x], { axis, before, after, value: 0 }),
  };
}

/** Stands for minus infinity where it is added to scores: the lowest float32, so that a row without any key gives no NaN. */
export const lowest = -3.4028234663852886e38;
