import type { Rule } from "../adapter/layout.ts";
import { headParameters } from "../longformer/head.ts";

const parameter = "{p:weight|bias}";

/** A function, since bundlers keep a list of templates whoever uses it. */
function trunkNames(): readonly string[] {
  return [
    "embeddings.{t:word_embeddings|position_embeddings|token_type_embeddings}.weight",
    `embeddings.LayerNorm.${parameter}`,
    `encoder.layer.{i}.attention.self.{t:query|key|value|query_global|key_global|value_global}.${parameter}`,
    `encoder.layer.{i}.attention.output.{t:dense|LayerNorm}.${parameter}`,
    `encoder.layer.{i}.intermediate.dense.${parameter}`,
    `encoder.layer.{i}.output.{t:dense|LayerNorm}.${parameter}`,
    `pooler.dense.${parameter}`,
  ];
}

/** The canonical names as rules of a layout that writes just these, whatever the head: each is an identity. */
export const canonicalRules: readonly Rule[] = /*#__PURE__*/ (() =>
  [...trunkNames(), ...headParameters().map(({ name }) => name)].map((name) => ({ from: name, to: name })))();
