import type { Layout } from "@longspan/core/adapter";
import {
  headRules,
  linearRules,
  outerTrunkRules,
  positionIdsDrop,
  tiedDecoderBiasAdd,
  tiedDecoderWeightAdd,
  torchEmbeddingNormRule,
  transformerSublayerRules,
} from "./shared-rules.ts";

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
    ...outerTrunkRules,
    ...linearRules(`encoder.layer.{i}.attention.self.${projections}`, `encoder.layers.{i}.self_attn.${projections}`),
    ...linearRules("encoder.layer.{i}.attention.output.dense", "encoder.layers.{i}.self_attn.out"),
    ...transformerSublayerRules,
    ...headRules(),
  ],
  accepts: [torchEmbeddingNormRule],
  drops: [positionIdsDrop],
  adds: [tiedDecoderWeightAdd, tiedDecoderBiasAdd],
};
