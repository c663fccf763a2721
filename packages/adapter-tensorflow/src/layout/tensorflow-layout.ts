import type { AddRule, Layout, Rule } from "@longspan/core/adapter";

/** Keras's `Dense`: a kernel `[in, out]`. */
const linear = (module: string): Rule[] => [
  { from: `${module}.weight`, to: `${module}.kernel`, transform: "transpose" },
  { from: `${module}.bias`, to: `${module}.bias` },
];

const normalization = (module: string): Rule => ({ from: `${module}.{p:weight|bias}`, to: `${module}.{p:gamma|beta}` });

/** The masked language model's head lists the embeddings among its own weights once more (its decoder is the embeddings' layer). */
const repeats: readonly AddRule[] = [
  { from: "embeddings.word_embeddings.weight", to: "embeddings.word_embeddings.weight" },
  {
    from: "embeddings.{t:position_embeddings|token_type_embeddings}.weight",
    to: "embeddings.{t:position_embeddings|token_type_embeddings}.embeddings",
  },
  normalization("embeddings.LayerNorm"),
].map(({ from, to }) => ({ name: `lm_head.repeats.${to}`, copyOf: from, reason: "the embeddings, which the head repeats" }));

/**
 * transformers' TensorFlow models (release 4, models/longformer/modeling_tf_longformer.py), their paths as `dottedName` gives them.
 * They tie the decoder to the word embeddings always: an untied one has no name here.
 */
export const tensorflowLayout: Layout = {
  name: "tensorflow",
  description: "transformers' TensorFlow models",
  trunkPrefix: "longformer.",
  prefixesBareTrunk: true,
  rules: [
    { from: "embeddings.word_embeddings.weight", to: "embeddings.word_embeddings.weight" },
    {
      from: "embeddings.{t:position_embeddings|token_type_embeddings}.weight",
      to: "embeddings.{t:position_embeddings|token_type_embeddings}.embeddings",
    },
    normalization("embeddings.LayerNorm"),
    ...linear("encoder.layer.{i}.attention.self.{t:query|key|value|query_global|key_global|value_global}"),
    ...linear("encoder.layer.{i}.attention.output.dense"),
    normalization("encoder.layer.{i}.attention.output.LayerNorm"),
    ...linear("encoder.layer.{i}.intermediate.dense"),
    ...linear("encoder.layer.{i}.output.dense"),
    normalization("encoder.layer.{i}.output.LayerNorm"),
    ...linear("pooler.dense"),
    ...linear("qa_outputs"),
    ...linear("lm_head.dense"),
    normalization("lm_head.layer_norm"),
    { from: "lm_head.bias", to: "lm_head.bias" },
    ...linear("classifier"),
    ...linear("classifier.{t:dense|out_proj}"),
  ],
  accepts: [
    { from: "embeddings.word_embeddings.weight", to: "embeddings.word_embeddings.embeddings" },
    {
      from: "embeddings.{t:position_embeddings|token_type_embeddings}.weight",
      to: "embeddings.{t:position_embeddings|token_type_embeddings}.weight",
    },
  ],
  adds: repeats,
};
