import { canonicalRules, type Layout, type Rule } from "@longspan/core/adapter";

/** TensorFlow's words for a LayerNorm's parameters, in checkpoints of 2019 and before; transformers still reads them. */
const oldNormalizations: readonly Rule[] = [
  "embeddings.LayerNorm",
  "encoder.layer.{i}.attention.output.LayerNorm",
  "encoder.layer.{i}.output.LayerNorm",
].map((module) => ({
  from: `${module}.{p:weight|bias}`,
  to: `${module}.{p:gamma|beta}`,
}));

/** A RoBERTa that was given Longformer's attention as a module inside its own, as LED has it, and not in its place. */
const wrappedAttention: Rule = {
  from: "encoder.layer.{i}.attention.self.{t:query|key|value|query_global|key_global|value_global}.{p:weight|bias}",
  to: "encoder.layer.{i}.attention.self.longformer_self_attn.{t:query|key|value|query_global|key_global|value_global}.{p:weight|bias}",
};

const accepts: readonly Rule[] = [...oldNormalizations, wrappedAttention];

/** The names of `transformers` (models/longformer/modeling_longformer.py), which are the canonical ones. One object each, so that layouts built on this one share them. */
const parts: Pick<Layout, "rules" | "accepts" | "drops" | "adds"> = {
  rules: canonicalRules,
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
