import { buildGraph, type Graph, operations } from "@longspan/core/graph";

export interface AttentionGraph {
  /** Of hidden states: batch, tokens, width. */
  readonly shape: readonly [batch: number, tokens: number, width: number];
  readonly heads: number;
  readonly window: number;
  /** Whether what is attended is made by an operation, so that it may lie in halves. Default: false, it is the input. */
  readonly normalized?: boolean;
  /** What the value is decides how query and key may lie. Default: a linear layer's output, as they are. */
  readonly value?: "an output of the graph, too" | "made by another operation" | "a parameter";
}

/** `context = attention(W x, W x, value)` of an input "x", masked by an input "mask". */
export function attentionGraph({ shape, heads, window, normalized = false, value }: AttentionGraph): Graph {
  const [batch, tokens, width] = shape;
  return buildGraph("attention", (builder) => {
    const input = builder.input("x", "float32", [batch, tokens, width]);
    const mask = builder.input("mask", "int32", [batch, tokens]);
    const weightAndBias = (name: string) =>
      [builder.parameter(`${name} weight`, [width, width]), builder.parameter(`${name} bias`, [width])] as const;
    const scaleAndShift = () => [builder.parameter("scale", [width]), builder.parameter("shift", [width])] as const;
    const x = normalized ? builder.apply(operations.layerNormalization, [input, ...scaleAndShift()], { epsilon: 1e-5 }) : input;
    const layer = (name: string) => builder.apply(operations.linear, [x, ...weightAndBias(name)]);
    const projected = value === "a parameter" ? builder.parameter("values", [batch, tokens, width]) : layer("value");
    const values = value === "made by another operation" ? builder.apply(operations.softmax, [projected], {}) : projected;
    const ofGlobals = [...weightAndBias("global query"), ...weightAndBias("global key"), ...weightAndBias("global value")] as const;
    const [context] = builder.node(operations.longformerAttention, [layer("query"), layer("key"), values, x, mask, ...ofGlobals], {
      heads,
      window,
    });
    if (context === undefined) throw new Error("there is a context");
    builder.output("context", context);
    if (value === "an output of the graph, too") builder.output("value", values);
  });
}
