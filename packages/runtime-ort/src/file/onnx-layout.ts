import type { Layout } from "@longspan/core";

const parameter = "{p:weight|bias}";

/** An ONNX model's initializers have the canonical names, whatever the head: each rule is an identity. */
const names: readonly string[] = [
  "embeddings.{t:word_embeddings|position_embeddings|token_type_embeddings}.weight",
  `embeddings.LayerNorm.${parameter}`,
  `encoder.layer.{i}.attention.self.{t:query|key|value|query_global|key_global|value_global}.${parameter}`,
  `encoder.layer.{i}.attention.output.{t:dense|LayerNorm}.${parameter}`,
  `encoder.layer.{i}.intermediate.dense.${parameter}`,
  `encoder.layer.{i}.output.{t:dense|LayerNorm}.${parameter}`,
  `pooler.dense.${parameter}`,
  `qa_outputs.${parameter}`,
  `lm_head.{t:dense|layer_norm|decoder}.${parameter}`,
  "lm_head.bias",
  `classifier.${parameter}`,
  `classifier.{t:dense|out_proj}.${parameter}`,
];

/** The layout `onnx`: what the weights are called in the models that Longspan writes. */
export const onnxLayout: Layout = {
  name: "onnx",
  description: "ONNX models written by Longspan",
  rules: names.map((name) => ({ from: name, to: name })),
};
