import type { Rule } from "@longspan/core";

/** The embeddings' norm, as every Paddle convention spells it. */
export const embeddingNormRule: Rule = {
  from: "embeddings.LayerNorm.{p:weight|bias}",
  to: "embeddings.layer_norm.{p:weight|bias}",
};

/** The sublayers of `paddle.nn.TransformerEncoder` around attention: `norm1`, `linear1`, `linear2`, `norm2`. */
export const transformerSublayerRules: readonly Rule[] = [
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
];
