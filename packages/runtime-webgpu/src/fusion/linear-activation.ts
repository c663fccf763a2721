import { activationFunctions, attributeParsers, defineOperation, type Operation, operations } from "@longspan/core/graph";

const { linear, activation } = operations;

/** A linear layer and the function after it, in one kernel: what lies between never reaches memory. */
export const linearActivation: Operation = /*#__PURE__*/ defineOperation({
  name: "linearActivation",
  formula: "out[…, o] = function(Σ_i x[…, i] · weight[o, i] + bias[o])",
  operands: { x: { dataTypes: ["float32"] }, weight: { dataTypes: ["float32"] }, bias: { dataTypes: ["float32"] } },
  attributes: { function: attributeParsers.oneOf(...activationFunctions) },
  rules: [
    { says: "x, weight and bias are those of a linear", holds: ({ x, weight, bias }) => linear.check([x, weight, bias], {}) === undefined },
  ],
  outputTypes: ({ x, weight, bias }) => linear.outputTypes([x, weight, bias], {}),
  evaluate: ({ x, weight, bias }, attributes, dimensions) =>
    activation.evaluate(linear.evaluate([x, weight, bias], {}, dimensions), attributes, dimensions),
});
