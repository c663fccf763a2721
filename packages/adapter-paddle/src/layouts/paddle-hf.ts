import type { Layout } from "@longspan/core";
import { embeddingNormRule } from "./encoder-rules.ts";
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
 * Hugging Face's names with `LayerNorm` respelled `layer_norm`, Linear weights `[in, out]`: the convention of the public Paddle port of Longformer
 * (github.com/HJHGJGHHG/Paddle-Longformer, modeling.py and torch2paddle.py). An early version of that script also wrote `encoder.layers`, but left the
 * projections of attention in torch's axes; its files are not read as this layout.
 */
export const paddleHfLayout: Layout = {
  name: "paddle-hf",
  description: "Hugging Face's names with layer_norm; Linear weights [in, out]",
  trunkPrefix: "longformer.",
  rules: [
    embeddingTableRule,
    embeddingNormRule,
    {
      from: `encoder.layer.{i}.attention.self.${projections}.weight`,
      to: `encoder.layer.{i}.attention.self.${projections}.weight`,
      transform: "transpose",
    },
    {
      from: `encoder.layer.{i}.attention.self.${projections}.bias`,
      to: `encoder.layer.{i}.attention.self.${projections}.bias`,
    },
    {
      from: "encoder.layer.{i}.attention.output.dense.weight",
      to: "encoder.layer.{i}.attention.output.dense.weight",
      transform: "transpose",
    },
    {
      from: "encoder.layer.{i}.attention.output.dense.bias",
      to: "encoder.layer.{i}.attention.output.dense.bias",
    },
    {
      from: "encoder.layer.{i}.attention.output.LayerNorm.{p:weight|bias}",
      to: "encoder.layer.{i}.attention.output.layer_norm.{p:weight|bias}",
    },
    {
      from: "encoder.layer.{i}.{block:intermediate|output}.dense.weight",
      to: "encoder.layer.{i}.{block:intermediate|output}.dense.weight",
      transform: "transpose",
    },
    {
      from: "encoder.layer.{i}.{block:intermediate|output}.dense.bias",
      to: "encoder.layer.{i}.{block:intermediate|output}.dense.bias",
    },
    {
      from: "encoder.layer.{i}.output.LayerNorm.{p:weight|bias}",
      to: "encoder.layer.{i}.output.layer_norm.{p:weight|bias}",
    },
    ...poolerRules,
    ...questionAnsweringRules,
    ...maskedLanguageTransformRules,
    ...maskedLanguageBiasRules,
    ...classifierRules,
  ],
  // Scripts that transpose and rename nothing.
  accepts: [
    { from: "embeddings.LayerNorm.{p:weight|bias}", to: "embeddings.LayerNorm.{p:weight|bias}" },
    {
      from: "encoder.layer.{i}.attention.output.LayerNorm.{p:weight|bias}",
      to: "encoder.layer.{i}.attention.output.LayerNorm.{p:weight|bias}",
    },
    {
      from: "encoder.layer.{i}.output.LayerNorm.{p:weight|bias}",
      to: "encoder.layer.{i}.output.LayerNorm.{p:weight|bias}",
    },
  ],
  drops: [positionIdsDrop],
  adds: [tiedDecoderWeightAdd, tiedDecoderBiasAdd],
};
