import { attributeParsers, defineOperation, type Operation, operations, sameShape } from "@longspan/core/graph";
import { linearAdd } from "./linear-add.ts";

const { layerNormalization } = operations;

/**
 * A linear layer, the residual connection around it and the layer normalization behind: where a product of few rows is cut into parts, what adds
 * them up is the normalization.
 */
export const linearAddNormalization: Operation = /*#__PURE__*/ defineOperation({
  name: "linearAddNormalization",
  formula: "out = layerNormalization(linearAdd(x, weight, bias, addend), scale, shift), over the last axis",
  operands: {
    x: { dataTypes: ["float32"] },
    weight: { dataTypes: ["float32"] },
    bias: { dataTypes: ["float32"] },
    addend: { dataTypes: ["float32"] },
    scale: { dataTypes: ["float32"] },
    shift: { dataTypes: ["float32"] },
  },
  attributes: { epsilon: attributeParsers.positiveNumber },
  rules: [
    {
      says: "x, weight, bias and addend are those of a linearAdd",
      holds: ({ x, weight, bias, addend }) => linearAdd.check([x, weight, bias, addend], {}) === undefined,
    },
    {
      says: "scale and shift have one axis, of the size of weight's first",
      holds: ({ weight, scale, shift }) => [scale, shift].every((operand) => sameShape(operand.shape, weight.shape.slice(0, 1))),
    },
  ],
  outputTypes: ({ addend }) => [addend],
  evaluate: ({ x, weight, bias, addend, scale, shift }, attributes, dimensions) =>
    layerNormalization.evaluate([...linearAdd.evaluate([x, weight, bias, addend], {}, dimensions), scale, shift], attributes, dimensions),
});
