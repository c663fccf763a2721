import { defineHead, linearLayer, normalizationLayer, operations } from "@longspan/core/graph";

const inner = 12;

/**
 * Names of people, places and ships as spans: for each token and label, how well a name begins, and ends, there. A head that transformers does not
 * have: one hidden layer, an activation, a normalization, and two classifiers.
 */
export default defineHead({
  name: "span-ner",
  labels: 3,
  lastLayer: "spans.start",
  globalAttention: () => ({ kind: "first-token" }),
  parameters: ({ hiddenSize, labels }) => [
    { name: "spans.dense.weight", shape: [inner, hiddenSize], role: "linear" },
    { name: "spans.dense.bias", shape: [inner], role: "bias" },
    { name: "spans.layer_norm.weight", shape: [inner], role: "normalization" },
    { name: "spans.layer_norm.bias", shape: [inner], role: "normalization" },
    { name: "spans.start.weight", shape: [labels, inner], role: "linear" },
    { name: "spans.start.bias", shape: [labels], role: "bias" },
    { name: "spans.end.weight", shape: [labels, inner], role: "linear" },
    { name: "spans.end.bias", shape: [labels], role: "bias" },
  ],
  graph(builder, hidden, { labels }) {
    const active = builder.apply(operations.activation, [linearLayer(builder, hidden, "spans.dense", inner)], { function: "gelu" });
    const normalized = normalizationLayer(builder, active, "spans.layer_norm", 1e-5);
    return {
      start_logits: linearLayer(builder, normalized, "spans.start", labels), // [batch, sequence, labels]
      end_logits: linearLayer(builder, normalized, "spans.end", labels),
    };
  },
});
