import { defineOperation, type Operation, operations, sameShape } from "@longspan/core/graph";

const { linear, add } = operations;

/** A linear layer and a residual connection around it, in one kernel: what lies between never reaches memory. */
export const linearAdd: Operation = /*#__PURE__*/ defineOperation({
  name: "linearAdd",
  formula: "out[…, o] = Σ_i x[…, i] · weight[o, i] + bias[o] + addend[…, o]",
  operands: {
    x: { dataTypes: ["float32"] },
    weight: { dataTypes: ["float32"] },
    bias: { dataTypes: ["float32"] },
    addend: { dataTypes: ["float32"] },
  },
  attributes: {},
  rules: [
    { says: "x has an axis", holds: ({ x }) => x.shape.length >= 1 },
    { says: "weight has two axes: out and in", holds: ({ weight }) => weight.shape.length === 2 },
    { says: "the last axis of x has the size of weight's second", holds: ({ x, weight }) => x.shape.at(-1) === weight.shape[1] },
    {
      says: "bias has one axis, of the size of weight's first",
      holds: ({ weight, bias }) => sameShape(bias.shape, weight.shape.slice(0, 1)),
    },
    {
      says: "addend has the output's shape",
      holds: ({ x, weight, addend }) => sameShape(addend.shape, [...x.shape.slice(0, -1), ...weight.shape.slice(0, 1)]),
    },
  ],
  outputTypes: ({ addend }) => [addend],
  evaluate: ({ x, weight, bias, addend }, _, dimensions) =>
    add.evaluate([...linear.evaluate([x, weight, bias], {}, dimensions), addend], {}, dimensions),
});
