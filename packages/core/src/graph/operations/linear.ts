import { defineOperation, type Operation } from "../operation.ts";
import { multiplyTransposed } from "../reference/matrix-product.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** A linear layer with the weight as torch.nn.Linear keeps it. ONNX: Gemm (transB) on two axes, or MatMul and Add. */
export const linear: Operation<[x: Value, weight: Value, bias?: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "linear",
  formula: "out[…, o] = Σ_i x[…, i] · weight[o, i] + bias[o]",
  operands: { x: { dataTypes: ["float32"] }, weight: { dataTypes: ["float32"] }, bias: { dataTypes: ["float32"], count: "optional" } },
  attributes: {},
  rules: [
    { says: "x has an axis", holds: ({ x }) => x.shape.length >= 1 },
    { says: "weight has two axes: out and in", holds: ({ weight }) => weight.shape.length === 2 },
    { says: "the last axis of x has the size of weight's second", holds: ({ x, weight }) => x.shape.at(-1) === weight.shape[1] },
    {
      says: "bias has one axis, of the size of weight's first",
      holds: ({ weight, bias }) => bias === undefined || (bias.shape.length === 1 && bias.shape[0] === weight.shape[0]),
    },
  ],
  outputTypes: ({ x, weight }) => [{ dataType: "float32", shape: [...x.shape.slice(0, -1), ...weight.shape.slice(0, 1)] }],
  evaluate({ x, weight, bias }) {
    const [columns = 0, inner = 0] = weight.shape;
    const rows = x.data.length / inner;
    const out = new Float32Array(rows * columns);
    multiplyTransposed(x.data, weight.data, out, { rows, columns, inner }, bias?.data);
    return [{ dataType: "float32", shape: [...x.shape.slice(0, -1), columns], data: out }];
  },
});
