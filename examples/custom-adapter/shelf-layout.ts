import type { Layout, Rule } from "@longspan/core";

/** The Shelf framework keeps a linear layer's matrix as [in, out], and calls it kernel. */
const linear = (from: string, to: string): Rule[] => [
  { from: `${from}.weight`, to: `${to}.kernel`, transform: "transpose" },
  { from: `${from}.bias`, to: `${to}.bias` },
];
const normalization = (from: string, to: string): Rule => ({ from: `${from}.{p:weight|bias}`, to: `${to}.{p:scale|shift}` });

/** Left the canonical names, right the framework's: one rule for every parameter of every head, each with one way back. */
export const shelfLayout: Layout = {
  name: "shelf",
  trunkPrefix: "trunk.",
  rules: [
    { from: "embeddings.{t:word_embeddings|position_embeddings|token_type_embeddings}.weight", to: "embed.{t:words|positions|types}" },
    normalization("embeddings.LayerNorm", "embed.norm"),
    ...linear(
      "encoder.layer.{i}.attention.self.{t:query|key|value|query_global|key_global|value_global}",
      "blocks.{i}.attention.{t:q|k|v|gq|gk|gv}",
    ),
    ...linear("encoder.layer.{i}.attention.output.dense", "blocks.{i}.attention.out"),
    normalization("encoder.layer.{i}.attention.output.LayerNorm", "blocks.{i}.norm1"),
    ...linear("encoder.layer.{i}.intermediate.dense", "blocks.{i}.mlp.up"),
    ...linear("encoder.layer.{i}.output.dense", "blocks.{i}.mlp.down"),
    normalization("encoder.layer.{i}.output.LayerNorm", "blocks.{i}.norm2"),
    ...linear("pooler.dense", "pool"),
    ...linear("qa_outputs", "span"),
    ...linear("lm_head.{t:dense|decoder}", "words.{t:dense|decoder}"),
    normalization("lm_head.layer_norm", "words.norm"),
    { from: "lm_head.bias", to: "words.bias" },
    ...linear("classifier", "classify"),
    ...linear("classifier.{t:dense|out_proj}", "classify.{t:dense|out}"),
  ],
};
