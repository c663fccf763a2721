import { multiplyDimensions } from "./dimension.ts";
import type { GraphBuilder } from "./graph-builder.ts";
import { constant } from "./operations/constant.ts";
import { layerNormalization } from "./operations/layer-normalization.ts";
import { linear } from "./operations/linear.ts";
import { reshape } from "./operations/reshape.ts";
import { slice } from "./operations/slice.ts";
import type { Value } from "./value.ts";

/** `x · weightᵀ + bias` with the parameters `name.weight` `[outputs, inputs]` and `name.bias` `[outputs]`. */
export function linearLayer(builder: GraphBuilder, x: Value, name: string, outputs: number): Value {
  const weight = builder.parameter(`${name}.weight`, [outputs, Number(x.shape.at(-1))]);
  return builder.apply(linear, [x, weight, builder.parameter(`${name}.bias`, [outputs])], {}, name);
}

/** Layer normalization over the last axis with the parameters `name.weight` and `name.bias`. */
export function normalizationLayer(builder: GraphBuilder, x: Value, name: string, epsilon: number): Value {
  const size = Number(x.shape.at(-1));
  return builder.apply(
    layerNormalization,
    [x, builder.parameter(`${name}.weight`, [size]), builder.parameter(`${name}.bias`, [size])],
    { epsilon },
    name,
  );
}

/** One number, to compute with values of any shape. */
export function scalar(builder: GraphBuilder, value: number, dataType: "float32" | "int32" = "float32"): Value {
  return builder.apply(constant, [], { dataType, shape: [], values: [value] });
}

/** Element `index` along an axis, which goes away: `[batch, sequence, hidden]` at 0 of axis 1 gives `[batch, hidden]`. */
export function elementAt(builder: GraphBuilder, x: Value, axis: number, index: number, name?: string): Value {
  const one = builder.apply(slice, [x], { axis, start: index, end: index + 1 });
  return builder.apply(reshape, [one], { shape: x.shape.toSpliced(axis, 1) }, name);
}

/** Joins two neighbouring axes: `[batch, choices, sequence]` at 0 gives `[batch*choices, sequence]`. */
export function joinAxes(builder: GraphBuilder, x: Value, axis: number): Value {
  const joined = multiplyDimensions(x.shape[axis] ?? 1, x.shape[axis + 1] ?? 1);
  return builder.apply(reshape, [x], { shape: x.shape.toSpliced(axis, 2, joined) });
}
