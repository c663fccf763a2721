import { nonNegativeInteger } from "../attribute-parsers.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { viewAxis } from "../reference/axis.ts";
import { zeros, type Value } from "../value.ts";

/** Sums along an axis, which stays with size 1. ONNX: ReduceSum, keepdims. */
export const reduceSum: Operation<[x: Value], { readonly axis: number }> = /*#__PURE__*/ defineOperation({
  name: "reduceSum",
  formula: "out[…, 0, …] = Σ_i x[…, i, …] along the axis",
  operands: { x: { dataTypes: ["float32", "int32"] } },
  attributes: { axis: nonNegativeInteger },
  rules: [{ says: "the axis is one of x's", holds: ({ x }, { axis }) => axis < x.shape.length }],
  outputTypes: ({ x }, { axis }) => [{ dataType: x.dataType, shape: x.shape.with(axis, 1) }],
  evaluate({ x }, { axis }) {
    const { before, size, after } = viewAxis(x.shape, axis);
    const out = zeros(x.dataType, x.shape.with(axis, 1));
    for (let outer = 0; outer < before; outer++) {
      for (let inner = 0; inner < after; inner++) {
        let sum = 0;
        for (let index = 0; index < size; index++) sum += x.data[(outer * size + index) * after + inner] as number;
        out.data[outer * after + inner] = sum;
      }
    }
    return [out];
  },
});
