import { elementCount } from "@longspan/core";
import { buildGraph, operations, type Graph, type GraphTensor } from "@longspan/core/graph";
import { memoryWeights, type Weights } from "@longspan/core/runtime";

/** A linear layer, x `[batch, 4]` to y `[batch, 3]`, for tests of what goes on around a graph. */
export const smallLayer: Graph = buildGraph("layer", (builder) => {
  const x = builder.input("x", "float32", ["batch", 4]);
  builder.output("y", builder.apply(operations.linear, [x, builder.parameter("weight", [3, 4]), builder.parameter("bias", [3])]));
});

export const ones = (...shape: readonly number[]): GraphTensor => ({
  dataType: "float32",
  shape,
  data: new Float32Array(elementCount(shape)).fill(1),
});

export const smallLayerWeights: Weights = memoryWeights({ weight: ones(3, 4), bias: ones(3) });
