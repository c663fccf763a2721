import { oneOf } from "../attribute-parsers.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { errorFunction } from "../reference/error-function.ts";
import type { Value } from "../value.ts";

/** What an activation may compute; `gelu-tanh` is the approximation that several frameworks call "gelu_new". */
export const activationFunctions = ["gelu", "gelu-tanh", "relu", "silu", "sigmoid", "tanh"] as const;

/** An activation: one of `activationFunctions`. */
export type ActivationFunction = (typeof activationFunctions)[number];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

const compute: Readonly<Record<ActivationFunction, (x: number) => number>> = {
  gelu: (x) => 0.5 * x * (1 + errorFunction(x * Math.SQRT1_2)),
  "gelu-tanh": (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(0, x),
  silu: (x) => x * sigmoid(x),
  sigmoid,
  tanh: Math.tanh,
};

/**
 * A function of each element. gelu: `x/2 · (1 + erf(x/√2))`; gelu-tanh: `x/2 · (1 + tanh(√(2/π)(x + 0.044715 x³)))`, both from
 * Hendrycks & Gimpel, arXiv 1606.08415; relu: `max(0, x)`; silu: `x · sigmoid(x)`; sigmoid: `1/(1 + e^-x)`.
 * ONNX: Gelu (opset 20, or Erf, Mul, Add), Relu, Sigmoid, Tanh.
 */
export const activation: Operation<[x: Value], { readonly function: ActivationFunction }> = /*#__PURE__*/ defineOperation({
  name: "activation",
  formula: "out = function(x), element by element",
  operands: { x: { dataTypes: ["float32"] } },
  attributes: { function: /*#__PURE__*/ (() => oneOf(...activationFunctions))() },
  rules: [],
  outputTypes: ({ x }) => [x],
  evaluate({ x }, attributes) {
    return [{ dataType: "float32", shape: x.shape, data: x.data.map(compute[attributes.function]) }];
  },
});
