import { dimension, finiteNumber, nonNegativeInteger } from "../attribute-parsers.ts";
import { addDimensions, evaluateDimension, type Dimension } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { viewAxis } from "../reference/axis.ts";
import { zeros, type Value } from "../value.ts";

/** One axis made longer with a constant. ONNX: Pad, constant mode. */
export const pad: Operation<
  [x: Value],
  { readonly axis: number; readonly before: Dimension; readonly after: Dimension; readonly value: number }
> = /*#__PURE__*/ defineOperation({
  name: "pad",
  formula: "out = `before` times value, then x, then `after` times value, along the axis",
  operands: { x: { dataTypes: ["float32", "int32"] } },
  attributes: { axis: nonNegativeInteger, before: dimension, after: dimension, value: finiteNumber },
  rules: [
    { says: "the axis is one of x's", holds: ({ x }, { axis }) => axis < x.shape.length },
    { says: "the value is whole when x is int32", holds: ({ x }, { value }) => x.dataType !== "int32" || (value | 0) === value },
  ],
  outputTypes: ({ x }, { axis, before, after }) => [
    { dataType: x.dataType, shape: x.shape.with(axis, addDimensions(before, x.shape[axis] ?? 0, after)) },
  ],
  evaluate({ x }, attributes, dimensions) {
    const { before, size, after } = viewAxis(x.shape, attributes.axis);
    const padBefore = evaluateDimension(attributes.before, dimensions);
    const total = padBefore + size + evaluateDimension(attributes.after, dimensions);
    const out = zeros(x.dataType, x.shape.with(attributes.axis, total));
    out.data.fill(attributes.value);
    for (let outer = 0; outer < before; outer++) {
      out.data.set(x.data.subarray(outer * size * after, (outer + 1) * size * after), (outer * total + padBefore) * after);
    }
    return [out];
  },
});
