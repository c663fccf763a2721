import type { Layout } from "@longspan/core";
import { embeddingNormRule, transformerSublayerRules } from "./encoder-rules.ts";
import {
  classifierRules,
  embeddingTableRule,
  maskedLanguageTransformRules,
  poolerRules,
  positionIdsDrop,
  tiedDecoderWeightAdd,
} from "./head-rules.ts";

/**
 * The names of PaddleNLP's RoBERTa (paddlenlp/transformers/roberta/modeling.py, whose encoder is `paddle.nn.TransformerEncoder`), Linear weights
 * `[in, out]`. The question-answering head is called `classifier` there, and the language head keeps its bias in `decoder`.
 *
 * PaddleNLP has no Longformer, so no name for the global projections: `{q,k,v}_proj_global` beside `{q,k,v}_proj` is this project's choice (Longformer
 * attention built on fairseq's, which has the same `q_proj`, names them so).
 *
 * A masked language model with untied embeddings has two biases, `lm_head.bias` and `lm_head.decoder.bias`, where this layout has room for one:
 * it cannot be written.
 */
export const paddleNlpLayout: Layout = {
  name: "paddle-nlp",
  description: "the names of PaddleNLP's RoBERTa: self_attn.q_proj, norm1, linear1; Linear weights [in, out]",
  trunkPrefix: "roberta.",
  rules: [
    embeddingTableRule,
    embeddingNormRule,
    {
      from: "encoder.layer.{i}.attention.self.{projection:query|key|value|query_global|key_global|value_global}.weight",
      to: "encoder.layers.{i}.self_attn.{projection:q_proj|k_proj|v_proj|q_proj_global|k_proj_global|v_proj_global}.weight",
      transform: "transpose",
    },
    {
      from: "encoder.layer.{i}.attention.self.{projection:query|key|value|query_global|key_global|value_global}.bias",
      to: "encoder.layers.{i}.self_attn.{projection:q_proj|k_proj|v_proj|q_proj_global|k_proj_global|v_proj_global}.bias",
    },
    {
      from: "encoder.layer.{i}.attention.output.dense.weight",
      to: "encoder.layers.{i}.self_attn.out_proj.weight",
      transform: "transpose",
    },
    {
      from: "encoder.layer.{i}.attention.output.dense.bias",
      to: "encoder.layers.{i}.self_attn.out_proj.bias",
    },
    ...transformerSublayerRules,
    ...poolerRules,
    { from: "qa_outputs.weight", to: "classifier.weight", transform: "transpose" },
    { from: "qa_outputs.bias", to: "classifier.bias" },
    ...maskedLanguageTransformRules,
    { from: "lm_head.bias", to: "lm_head.decoder.bias" },
    ...classifierRules,
  ],
  accepts: [
    { from: "embeddings.LayerNorm.{p:weight|bias}", to: "embeddings.LayerNorm.{p:weight|bias}" },
    { from: "lm_head.bias", to: "lm_head.bias" },
  ],
  drops: [positionIdsDrop],
  adds: [tiedDecoderWeightAdd],
};
