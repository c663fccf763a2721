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
    { says: "x, weight and bias are those of a linear", holds: ({ x, weight, bias }) => linear.check([x, weight, bias], {}) === undefined },
    {
      says: "addend has the output's shape",
      holds: ({ x, weight, addend }) => sameShape(addend.shape, [...x.shape.slice(0, -1), ...weight.shape.slice(0, 1)]),
    },
  ],
  outputTypes: ({ addend }) => [addend],
  evaluate: ({ x, weight, bias, addend }, _, dimensions) =>
    add.evaluate([...linear.evaluate([x, weight, bias], {}, dimensions), addend], {}, dimensions),
});
