import { defineOperation, operations, sameShape, type Operation } from "@longspan/core/graph";

const { linear } = operations;

const float = { dataTypes: ["float32"] } as const;

/** Three linear layers of one x and one size (query, key and value), in one product. Their weights are parameters that nothing else uses. */
export const tripleLinear: Operation = /*#__PURE__*/ defineOperation({
  name: "tripleLinear",
  formula: "out_n[…, o] = Σ_i x[…, i] · weight_n[o, i] + bias_n[o], n = 0, 1, 2",
  operands: { x: float, weight0: float, bias0: float, weight1: float, bias1: float, weight2: float, bias2: float },
  attributes: {},
  rules: [
    {
      says: "x, a weight and its bias are those of a linear",
      holds: ({ x, weight0, bias0 }) => linear.check([x, weight0, bias0], {}) === undefined,
    },
    {
      says: "weights have one shape, and so have biases",
      holds: ({ weight0, weight1, weight2, bias0, bias1, bias2 }) =>
        [weight1, weight2].every(({ shape }) => sameShape(shape, weight0.shape)) &&
        [bias1, bias2].every(({ shape }) => sameShape(shape, bias0.shape)),
    },
    { says: "the size of a weight's first axis is a multiple of 4", holds: ({ weight0 }) => Number(weight0.shape[0]) % 4 === 0 },
  ],
  outputTypes: ({ x, weight0, bias0 }) => {
    const types = linear.outputTypes([x, weight0, bias0], {});
    return [...types, ...types, ...types];
  },
  evaluate: ({ x, weight0, bias0, weight1, bias1, weight2, bias2 }, _, dimensions) => [
    ...linear.evaluate([x, weight0, bias0], {}, dimensions),
    ...linear.evaluate([x, weight1, bias1], {}, dimensions),
    ...linear.evaluate([x, weight2, bias2], {}, dimensions),
  ],
});
