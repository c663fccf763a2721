import { numberList } from "../attribute-parsers.ts";
import { denseStrides } from "../../tensor/strided-tensor.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { graphDataTypes, zeros, type Value } from "../value.ts";

/** Axes in another order. ONNX: Transpose, perm. */
export const transpose: Operation<[x: Value], { readonly permutation: readonly number[] }> = /*#__PURE__*/ defineOperation({
  name: "transpose",
  formula: "axis a of out is axis permutation[a] of x",
  operands: { x: { dataTypes: graphDataTypes } },
  attributes: { permutation: numberList },
  rules: [
    {
      says: "the permutation names each axis of x once",
      holds: ({ x }, { permutation }) => permutation.length === x.shape.length && x.shape.every((_, axis) => permutation.includes(axis)),
    },
  ],
  outputTypes: ({ x }, { permutation }) => [{ dataType: x.dataType, shape: permutation.map((axis) => x.shape[axis] ?? 1) }],
  evaluate({ x }, { permutation }) {
    const strides = denseStrides(x.shape);
    const shape = permutation.map((axis) => x.shape[axis] ?? 1);
    const steps = permutation.map((axis) => strides[axis] ?? 0);
    const out = zeros(x.dataType, shape);
    let at = 0;
    const copy = (axis: number, offset: number): void => {
      const size = shape[axis] ?? 1;
      const step = steps[axis] ?? 0;
      if (axis >= shape.length - 1) {
        for (let index = 0; index < size; index++) out.data[at++] = x.data[offset + index * step] as number;
      } else {
        for (let index = 0; index < size; index++) copy(axis + 1, offset + index * step);
      }
    };
    copy(0, 0);
    return [out];
  },
});
