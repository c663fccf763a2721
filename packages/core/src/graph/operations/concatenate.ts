import { nonNegativeInteger } from "../attribute-parsers.ts";
import { addDimensions, sameShape } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { viewAxis } from "../reference/axis.ts";
import { graphDataTypes, zeros, type Value } from "../value.ts";

/** Values one after the other along an axis. ONNX: Concat. */
export const concatenate: Operation<[...values: Value[]], { readonly axis: number }> = /*#__PURE__*/ defineOperation({
  name: "concatenate",
  formula: "out = the values, one after the other along the axis",
  operands: { values: { dataTypes: graphDataTypes, count: "repeated" } },
  attributes: { axis: nonNegativeInteger },
  rules: [
    { says: "all values have the same data type", holds: ({ values }) => values.every((value) => value.dataType === values[0]?.dataType) },
    { says: "the axis is one of theirs", holds: ({ values }, { axis }) => values.every((value) => axis < value.shape.length) },
    {
      says: "their shapes differ only along the axis",
      holds: ({ values }, { axis }) => values.every((value) => sameShape(value.shape.with(axis, 0), values[0]?.shape.with(axis, 0) ?? [])),
    },
  ],
  outputTypes: ({ values }, { axis }) =>
    values.slice(0, 1).map(({ dataType, shape }) => ({
      dataType,
      shape: shape.with(axis, addDimensions(...values.map((value) => value.shape[axis] ?? 0))),
    })),
  evaluate({ values }, { axis }) {
    return values.slice(0, 1).map((first) => {
      const total = values.reduce((sum, value) => sum + (value.shape[axis] ?? 0), 0);
      const out = zeros(first.dataType, first.shape.with(axis, total));
      let position = 0;
      for (const value of values) {
        const { before, size, after } = viewAxis(value.shape, axis);
        for (let outer = 0; outer < before; outer++) {
          out.data.set(value.data.subarray(outer * size * after, (outer + 1) * size * after), (outer * total + position) * after);
        }
        position += size;
      }
      return out;
    });
  },
});
