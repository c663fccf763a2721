import type { Layout, Rule } from "@longspan/core";

const parameter = "{p:weight|bias}";

/** Hugging Face's names are the canonical ones: each rule is an identity. */
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

/** TensorFlow's words for a LayerNorm's parameters, in checkpoints of 2019 and before; transformers still reads them. */
const accepts: readonly Rule[] = [
  "embeddings.LayerNorm",
  "encoder.layer.{i}.attention.output.LayerNorm",
  "encoder.layer.{i}.output.LayerNorm",
].map((module) => ({
  from: `${module}.{p:weight|bias}`,
  to: `${module}.{p:gamma|beta}`,
}));

/** The names of `transformers` (models/longformer/modeling_longformer.py). One object each, so that layouts built on this one share them. */
const parts: Pick<Layout, "rules" | "accepts" | "drops" | "adds"> = {
  rules: names.map((name) => ({ from: name, to: name })),
  accepts,
  drops: [
    { name: "embeddings.position_ids", reason: "a buffer of old transformers: the numbers 0, 1, 2, …" },
    { name: "embeddings.token_type_ids", reason: "a buffer of transformers 4: zeros" },
  ],
  adds: [
    {
      name: "lm_head.decoder.weight",
      copyOf: "embeddings.word_embeddings.weight",
      reason: "tied to the word embeddings (tie_word_embeddings)",
    },
    { name: "lm_head.decoder.bias", copyOf: "lm_head.bias", reason: "tied to lm_head.bias" },
  ],
};

/** The layout `hf`. */
export function huggingFaceLayout(): Layout {
  return { name: "hf", description: "Hugging Face transformers", trunkPrefix: "longformer.", ...parts };
}
