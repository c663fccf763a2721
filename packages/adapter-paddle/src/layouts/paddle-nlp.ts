import type { Layout } from "@longspan/core/adapter";
import {
  headRules,
  linearRules,
  outerTrunkRules,
  positionIdsDrop,
  tiedDecoderWeightAdd,
  torchEmbeddingNormRule,
  transformerSublayerRules,
} from "./shared-rules.ts";

/** Heads' parameters that have other names here; there is one place for the language head's two biases. */
const respelled: ReadonlySet<string> = new Set(["qa_outputs.weight", "qa_outputs.bias", "lm_head.bias", "lm_head.decoder.bias"]);

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
    ...outerTrunkRules,
    ...linearRules(
      "encoder.layer.{i}.attention.self.{projection:query|key|value|query_global|key_global|value_global}",
      "encoder.layers.{i}.self_attn.{projection:q_proj|k_proj|v_proj|q_proj_global|k_proj_global|v_proj_global}",
    ),
    ...linearRules("encoder.layer.{i}.attention.output.dense", "encoder.layers.{i}.self_attn.out_proj"),
    ...transformerSublayerRules,
    ...linearRules("qa_outputs", "classifier"),
    { from: "lm_head.bias", to: "lm_head.decoder.bias" },
    ...headRules(respelled),
  ],
  accepts: [torchEmbeddingNormRule, { from: "lm_head.bias", to: "lm_head.bias" }],
  drops: [positionIdsDrop],
  adds: [tiedDecoderWeightAdd],
};
