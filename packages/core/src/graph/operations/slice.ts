import { dimension, nonNegativeInteger } from "../attribute-parsers.ts";
import { evaluateDimension, subtractDimensions, type Dimension } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { viewAxis } from "../reference/axis.ts";
import { graphDataTypes, zeros, type Value } from "../value.ts";

/** A run along one axis, from `start` up to, without, `end`. ONNX: Slice. */
export const slice: Operation<[x: Value], { readonly axis: number; readonly start: Dimension; readonly end: Dimension }> =
  /*#__PURE__*/ defineOperation({
    name: "slice",
    formula: "out[…, i, …] = x[…, start + i, …], 0 <= i < end - start, along the axis",
    operands: { x: { dataTypes: graphDataTypes } },
    attributes: { axis: nonNegativeInteger, start: dimension, end: dimension },
    rules: [
      { says: "the axis is one of x's", holds: ({ x }, { axis }) => axis < x.shape.length },
      { says: "start is not behind end", holds: (_, { start, end }) => notAbove(start, end) },
      { says: "end is not behind the end of the axis", holds: ({ x }, { axis, end }) => notAbove(end, x.shape[axis] ?? 0) },
    ],
    outputTypes: ({ x }, { axis, start, end }) => [{ dataType: x.dataType, shape: x.shape.with(axis, subtractDimensions(end, start)) }],
    evaluate({ x }, { axis, start, end }, dimensions) {
      const { before, size, after } = viewAxis(x.shape, axis);
      const first = evaluateDimension(start, dimensions);
      const length = evaluateDimension(end, dimensions) - first;
      const out = zeros(x.dataType, x.shape.with(axis, length));
      for (let outer = 0; outer < before; outer++) {
        const from = (outer * size + first) * after;
        out.data.set(x.data.subarray(from, from + length * after), outer * length * after);
      }
      return [out];
    },
  });

/** Expressions are compared only with their like: what is known when the graph is built. The rest holds or fails when it runs. */
function notAbove(left: number | string, right: number | string): boolean {
  const difference = subtractDimensions(right, left);
  return typeof difference === "string" || difference >= 0;
}
