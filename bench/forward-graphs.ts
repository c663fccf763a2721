import { bytesPerElement, elementCount, type LongformerConfig } from "@longspan/core";
import { stridedTensor } from "@longspan/core/adapter";
import { buildGraph, type Graph, type GraphBuilder, longformerGraph, operations, type Value } from "@longspan/core/graph";
import type { Weights } from "@longspan/core/runtime";
import { noise } from "./generated-checkpoint.ts";

/** The whole model, or one kind of its work alone, with the same shapes and as many times. */
export const parts = ["model", "linear", "attention"] as const;

export type Part = (typeof parts)[number];

export function forwardGraph(config: LongformerConfig, part: Part): Graph {
  if (part === "model") return longformerGraph(config, "model", { pooler: false });
  return buildGraph(`${part} of a longformer`, (builder) => {
    let hidden = builder.input("hidden", "float32", ["batch", "sequence", config.hiddenSize]);
    for (let layer = 0; layer < config.layers; layer++)
      hidden = part === "linear" ? linearLayers(builder, config, hidden, layer) : attention(builder, config, hidden, layer);
    builder.output("hidden_state", hidden);
  });
}

/** The six products of a layer with weights that every token goes through, one after the other. */
function linearLayers(builder: GraphBuilder, { hiddenSize, intermediateSize }: LongformerConfig, x: Value, layer: number): Value {
  const sizes = [hiddenSize, hiddenSize, hiddenSize, hiddenSize, intermediateSize, hiddenSize];
  return sizes.reduce((input, size, index) => linear(builder, input, size, `layer.${layer}.${index}`), x);
}

function attention(builder: GraphBuilder, { heads, hiddenSize, attentionWindow }: LongformerConfig, hidden: Value, layer: number): Value {
  const mask = builder.input("mask", "int32", ["batch", "sequence"]);
  const projection = (name: string): [weight: Value, bias: Value] => [
    builder.parameter(`layer.${layer}.${name}.weight`, [hiddenSize, hiddenSize]),
    builder.parameter(`layer.${layer}.${name}.bias`, [hiddenSize]),
  ];
  const projections = [...projection("query"), ...projection("key"), ...projection("value")] as const;
  return builder.apply(operations.longformerAttention, [hidden, hidden, hidden, hidden, mask, ...projections], {
    heads,
    window: attentionWindow[layer] ?? 0,
  });
}

function linear(builder: GraphBuilder, x: Value, size: number, name: string): Value {
  const weight = builder.parameter(`${name}.weight`, [size, Number(x.shape.at(-1))]);
  return builder.apply(operations.linear, [x, weight, builder.parameter(`${name}.bias`, [size])]);
}

/** Multiplications and additions of `linearLayers` for one row of tokens, in all layers. */
export function linearFloatingPointOperations({ layers, hiddenSize, intermediateSize }: LongformerConfig, tokens: number): number {
  return 2 * tokens * layers * hiddenSize * (4 * hiddenSize + 2 * intermediateSize);
}

/** Noise for weights, made where they are read. */
export function noiseWeights(graph: Graph): Weights {
  const total = graph.parameters.reduce((sum, { shape }) => sum + elementCount(shape.map(Number)) * bytesPerElement("float32"), 0);
  const source = noise(total);
  let offset = 0;
  return new Map(
    graph.parameters.map(({ name, shape }) => {
      const sizes = shape.map(Number);
      const byteLength = elementCount(sizes) * bytesPerElement("float32");
      const tensor = stridedTensor({ name, dataType: "float32", shape: sizes, storage: { source, offset, byteLength } });
      offset += byteLength;
      return [name, tensor] as const;
    }),
  );
}
