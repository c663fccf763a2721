import type { Layout } from "@longspan/core/adapter";
import {
  headRules,
  linearRules,
  normalizationRule,
  outerTrunkRules,
  positionIdsDrop,
  tiedDecoderBiasAdd,
  tiedDecoderWeightAdd,
  torchEmbeddingNormRule,
} from "./shared-rules.ts";

/** The Linear layers of an encoder layer, which have torch's names. */
const linearLayers = [
  "encoder.layer.{i}.attention.self.{projection:query|key|value|query_global|key_global|value_global}",
  "encoder.layer.{i}.attention.output.dense",
  "encoder.layer.{i}.{block:intermediate|output}.dense",
];

const blocks = ["encoder.layer.{i}.attention.output", "encoder.layer.{i}.output"];

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
    ...outerTrunkRules,
    ...linearLayers.flatMap((layer) => linearRules(layer, layer)),
    ...blocks.map((block) => normalizationRule(`${block}.LayerNorm`, `${block}.layer_norm`)),
    ...headRules(),
  ],
  // Scripts that transpose and rename nothing.
  accepts: [torchEmbeddingNormRule, ...blocks.map((block) => normalizationRule(`${block}.LayerNorm`, `${block}.LayerNorm`))],
  drops: [positionIdsDrop],
  adds: [tiedDecoderWeightAdd, tiedDecoderBiasAdd],
};
