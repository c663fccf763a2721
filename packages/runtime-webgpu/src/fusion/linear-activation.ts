import { activationFunctions, attributeParsers, defineOperation, type Operation, operations, sameShape } from "@longspan/core/graph";

const { linear, activation } = operations;

/** A linear layer and the function after it, in one kernel: what lies between never reaches memory. */
export const linearActivation: Operation = /*#__PURE__*/ defineOperation({
  name: "linearActivation",
  formula: "out[…, o] = function(Σ_i x[…, i] · weight[o, i] + bias[o])",
  operands: { x: { dataTypes: ["float32"] }, weight: { dataTypes: ["float32"] }, bias: { dataTypes: ["float32"] } },
  attributes: { function: attributeParsers.oneOf(...activationFunctions) },
  rules: [
    { says: "x has an axis", holds: ({ x }) => x.shape.length >= 1 },
    { says: "weight has two axes: out and in", holds: ({ weight }) => weight.shape.length === 2 },
    { says: "the last axis of x has the size of weight's second", holds: ({ x, weight }) => x.shape.at(-1) === weight.shape[1] },
    {
      says: "bias has one axis, of the size of weight's first",
      holds: ({ weight, bias }) => sameShape(bias.shape, weight.shape.slice(0, 1)),
    },
  ],
  outputTypes: ({ x, weight, bias }) => linear.outputTypes([x, weight, bias], {}),
  evaluate: ({ x, weight, bias }, attributes, dimensions) =>
    activation.evaluate(linear.evaluate([x, weight, bias], {}, dimensions), attributes, dimensions),
});
