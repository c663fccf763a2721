import { attributeParsers, defineOperation, type Operation, operations, sameShape } from "@longspan/core/graph";

const { add, layerNormalization } = operations;

/** A residual connection and the layer normalization after it, in one kernel. */
export const addNormalization: Operation = /*#__PURE__*/ defineOperation({
  name: "addNormalization",
  formula: "out = layerNormalization(x + y, scale, shift), over the last axis",
  operands: {
    x: { dataTypes: ["float32"] },
    y: { dataTypes: ["float32"] },
    scale: { dataTypes: ["float32"] },
    shift: { dataTypes: ["float32"] },
  },
  attributes: { epsilon: attributeParsers.positiveNumber },
  rules: [
    { says: "x has an axis", holds: ({ x }) => x.shape.length >= 1 },
    { says: "y has the shape of x", holds: ({ x, y }) => sameShape(x.shape, y.shape) },
    {
      says: "scale and shift have one axis, of the size of x's last",
      holds: ({ x, scale, shift }) => [scale, shift].every((operand) => sameShape(operand.shape, x.shape.slice(-1))),
    },
  ],
  outputTypes: ({ x }) => [x],
  evaluate: ({ x, y, scale, shift }, attributes, dimensions) =>
    layerNormalization.evaluate([...add.evaluate([x, y], {}, dimensions), scale, shift], attributes, dimensions),
});
