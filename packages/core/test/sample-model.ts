import type { LongformerConfig } from "../src/longformer/config.ts";
import { parseLongformerConfig } from "../src/longformer/parse-config.ts";
import type { Layout } from "../src/adapter/layout.ts";

/** A small configuration whose matrices are all rectangular except the attention's. */
export const sampleConfig: Readonly<Record<string, unknown>> = {
  model_type: "longformer",
  attention_window: [4, 8],
  bos_token_id: 0,
  eos_token_id: 2,
  hidden_act: "gelu",
  hidden_size: 4,
  intermediate_size: 6,
  layer_norm_eps: 1e-5,
  max_position_embeddings: 10,
  num_attention_heads: 2,
  num_hidden_layers: 2,
  pad_token_id: 1,
  sep_token_id: 2,
  type_vocab_size: 1,
  vocab_size: 8,
  a_key_of_somebody_else: { kept: [1, 2, 3] },
};

export function sample(changes: Readonly<Record<string, unknown>> = {}): LongformerConfig {
  return parseLongformerConfig({ ...sampleConfig, ...changes }).config;
}

const trunk = ["embeddings.{e:word_embeddings|position_embeddings|token_type_embeddings}.weight", "embeddings.LayerNorm.{k:weight|bias}"];
const linear = [
  "encoder.layer.{i}.attention.self.{p:query|key|value|query_global|key_global|value_global}",
  "encoder.layer.{i}.attention.output.dense",
  "encoder.layer.{i}.intermediate.dense",
  "encoder.layer.{i}.output.dense",
  "pooler.dense",
  "qa_outputs",
  "lm_head.dense",
  "classifier.dense",
  "classifier.out_proj",
  "classifier",
  "lm_head.decoder",
];
const plain = [
  "encoder.layer.{i}.attention.output.LayerNorm.{k:weight|bias}",
  "encoder.layer.{i}.output.LayerNorm.{k:weight|bias}",
  "lm_head.layer_norm.{k:weight|bias}",
  "lm_head.bias",
];
const same = (pattern: string): { from: string; to: string } => ({ from: pattern, to: pattern });

/** Canonical names as they are, `longformer.` before a head's trunk. */
export const plainLayout: Layout = {
  name: "plain",
  trunkPrefix: "longformer.",
  rules: [...trunk, ...plain, ...linear.flatMap((name) => [`${name}.weight`, `${name}.bias`])].map((pattern) => same(pattern)),
  accepts: [{ from: "embeddings.LayerNorm.{k:weight|bias}", to: "embeddings.LayerNorm.{k:gamma|beta}" }],
  drops: [{ name: "embeddings.position_ids", reason: "an old buffer" }],
  adds: [{ name: "lm_head.decoder.weight", copyOf: "embeddings.word_embeddings.weight", reason: "tied" }],
};

/** Other names, linear weights transposed. */
export const turnedLayout: Layout = {
  name: "turned",
  trunkPrefix: "body.",
  rules: [
    ...[...trunk, ...plain].map((pattern) => ({
      from: pattern,
      to: pattern.replace("LayerNorm", "norm").replace("encoder.layer", "layers"),
    })),
    ...linear.flatMap((name) => {
      const to = name.replace("encoder.layer", "layers");
      return [
        { from: `${name}.weight`, to: `${to}.weight`, transform: "transpose" as const },
        { from: `${name}.bias`, to: `${to}.bias` },
      ];
    }),
  ],
};
