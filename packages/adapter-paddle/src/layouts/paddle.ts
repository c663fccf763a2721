import type { Layout } from "@longspan/core";
import { embeddingNormRule, transformerSublayerRules } from "./encoder-rules.ts";
import {
  classifierRules,
  embeddingTableRule,
  maskedLanguageBiasRules,
  maskedLanguageTransformRules,
  poolerRules,
  positionIdsDrop,
  questionAnsweringRules,
  tiedDecoderBiasAdd,
  tiedDecoderWeightAdd,
} from "./head-rules.ts";

const projections = "{projection:query|key|value|query_global|key_global|value_global}";

/**
 * The default layout: the sublayer names of `paddle.nn.TransformerEncoder` (`encoder.layers.N.self_attn`, `norm1`, `linear1`) with the projections
 * named as in torch. Every Linear weight is stored transposed, `[in, out]`, as `paddle.nn.Linear` keeps it. The heads follow the same convention.
 */
export const paddleLayout: Layout = {
  name: "paddle",
  description: "encoder.layers.N.self_attn.query, norm1, linear1; Linear weights [in, out]",
  trunkPrefix: "longformer.",
  rules: [
    embeddingTableRule,
    embeddingNormRule,
    {
      from: `encoder.layer.{i}.attention.self.${projections}.weight`,
      to: `encoder.layers.{i}.self_attn.${projections}.weight`,
      transform: "transpose",
    },
    {
      from: `encoder.layer.{i}.attention.self.${projections}.bias`,
      to: `encoder.layers.{i}.self_attn.${projections}.bias`,
    },
    {
      from: "encoder.layer.{i}.attention.output.dense.weight",
      to: "encoder.layers.{i}.self_attn.out.weight",
      transform: "transpose",
    },
    {
      from: "encoder.layer.{i}.attention.output.dense.bias",
      to: "encoder.layers.{i}.self_attn.out.bias",
    },
    ...transformerSublayerRules,
    ...poolerRules,
    ...questionAnsweringRules,
    ...maskedLanguageTransformRules,
    ...maskedLanguageBiasRules,
    ...classifierRules,
  ],
  accepts: [{ from: "embeddings.LayerNorm.{p:weight|bias}", to: "embeddings.LayerNorm.{p:weight|bias}" }],
  drops: [positionIdsDrop],
  adds: [tiedDecoderWeightAdd, tiedDecoderBiasAdd],
};
