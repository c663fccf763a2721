import type { AddRule, DropRule, Rule } from "@longspan/core";

/**
 * The heads' parameters under Hugging Face's names, Linear weights in Paddle's axes (`[in, out]`). A rule counts only where its parameter is
 * in the model's specification, so one list serves every head. `lm_head.decoder` exists in models whose word embeddings are not tied.
 */
export const questionAnsweringRules: readonly Rule[] = [
  { from: "qa_outputs.weight", to: "qa_outputs.weight", transform: "transpose" },
  { from: "qa_outputs.bias", to: "qa_outputs.bias" },
];

export const maskedLanguageTransformRules: readonly Rule[] = [
  { from: "lm_head.dense.weight", to: "lm_head.dense.weight", transform: "transpose" },
  { from: "lm_head.dense.bias", to: "lm_head.dense.bias" },
  { from: "lm_head.layer_norm.{p:weight|bias}", to: "lm_head.layer_norm.{p:weight|bias}" },
  { from: "lm_head.decoder.weight", to: "lm_head.decoder.weight", transform: "transpose" },
];

export const maskedLanguageBiasRules: readonly Rule[] = [
  { from: "lm_head.bias", to: "lm_head.bias" },
  { from: "lm_head.decoder.bias", to: "lm_head.decoder.bias" },
];

export const classifierRules: readonly Rule[] = [
  {
    from: "classifier.{p:dense|out_proj}.weight",
    to: "classifier.{p:dense|out_proj}.weight",
    transform: "transpose",
  },
  { from: "classifier.{p:dense|out_proj}.bias", to: "classifier.{p:dense|out_proj}.bias" },
  { from: "classifier.weight", to: "classifier.weight", transform: "transpose" },
  { from: "classifier.bias", to: "classifier.bias" },
];

/** Embedding tables are looked up, not multiplied: no framework transposes them. */
export const embeddingTableRule: Rule = {
  from: "embeddings.{table:word_embeddings|position_embeddings|token_type_embeddings}.weight",
  to: "embeddings.{table:word_embeddings|position_embeddings|token_type_embeddings}.weight",
};

export const poolerRules: readonly Rule[] = [
  { from: "pooler.dense.weight", to: "pooler.dense.weight", transform: "transpose" },
  { from: "pooler.dense.bias", to: "pooler.dense.bias" },
];

/** Old models register the row numbers of the position table as a buffer. */
export const positionIdsDrop: DropRule = {
  name: "embeddings.position_ids",
  reason: "a buffer of consecutive numbers that every model makes anew, not a weight",
};

/** `paddle.nn.Linear` cannot share an embedding's matrix, so files hold the language head's decoder as a transposed copy. Checked when read, not written. */
export const tiedDecoderWeightAdd: AddRule = {
  name: "lm_head.decoder.weight",
  copyOf: "embeddings.word_embeddings.weight",
  transform: "transpose",
  reason: "tied to the word embeddings",
};

export const tiedDecoderBiasAdd: AddRule = { name: "lm_head.decoder.bias", copyOf: "lm_head.bias", reason: "tied to lm_head.bias" };
