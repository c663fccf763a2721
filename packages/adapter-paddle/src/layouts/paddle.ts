import type { Layout } from "@longspan/core";
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
    { from: "embeddings.LayerNorm.{p:weight|bias}", to: "embeddings.layer_norm.{p:weight|bias}" },
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
    {
      from: "encoder.layer.{i}.attention.output.LayerNorm.{p:weight|bias}",
      to: "encoder.layers.{i}.norm1.{p:weight|bias}",
    },
    {
      from: "encoder.layer.{i}.intermediate.dense.weight",
      to: "encoder.layers.{i}.linear1.weight",
      transform: "transpose",
    },
    { from: "encoder.layer.{i}.intermediate.dense.bias", to: "encoder.layers.{i}.linear1.bias" },
    {
      from: "encoder.layer.{i}.output.dense.weight",
      to: "encoder.layers.{i}.linear2.weight",
      transform: "transpose",
    },
    { from: "encoder.layer.{i}.output.dense.bias", to: "encoder.layers.{i}.linear2.bias" },
    {
      from: "encoder.layer.{i}.output.LayerNorm.{p:weight|bias}",
      to: "encoder.layers.{i}.norm2.{p:weight|bias}",
    },
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
