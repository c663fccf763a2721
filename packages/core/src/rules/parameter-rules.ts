import type { Rule } from "../adapter/layout.ts";
import { headParameters } from "../longformer/head.ts";

/** What a framework calls the parameters of its modules, where the canonical names say `weight` and `bias`. */
export interface ParameterNames {
  /** A linear layer's matrix; `transposed`: it lies as `[in, out]`. */
  readonly linear: { readonly weight: string; readonly transposed: boolean };
  /** A normalization's factor and summand. */
  readonly normalization: { readonly weight: string; readonly bias: string };
  /** A table that is looked up; never transposed. */
  readonly embedding: { readonly weight: string };
}

const tables = "embeddings.{t:word_embeddings|position_embeddings|token_type_embeddings}";
const projections = "encoder.layer.{i}.attention.self.{t:query|key|value|query_global|key_global|value_global}";
const linears = [
  projections,
  "encoder.layer.{i}.attention.output.dense",
  "encoder.layer.{i}.intermediate.dense",
  "encoder.layer.{i}.output.dense",
  "pooler.dense",
];
const normalizations = ["embeddings.LayerNorm", "encoder.layer.{i}.attention.output.LayerNorm", "encoder.layer.{i}.output.LayerNorm"];

/**
 * The rules of a layout that has the canonical modules and calls their parameters otherwise, for the trunk and every head. Biases of linear
 * layers, and parameters that belong to no layer, keep their names.
 */
export function parameterRules({ linear, normalization, embedding }: ParameterNames): readonly Rule[] {
  const linearWeight = (module: string): Rule => {
    const rule = { from: `${module}.weight`, to: `${module}.${linear.weight}` };
    return linear.transposed ? { ...rule, transform: "transpose" } : rule;
  };
  const normalizationRule = (module: string, parameter: "weight" | "bias"): Rule => ({
    from: `${module}.${parameter}`,
    to: `${module}.${normalization[parameter]}`,
  });
  const ofHeads = headParameters().map(({ name, role }): Rule => {
    const cut = name.lastIndexOf(".");
    const module = name.slice(0, cut);
    if (role === "normalization") return normalizationRule(module, name.slice(cut + 1) === "weight" ? "weight" : "bias");
    return role === "linear" ? linearWeight(module) : { from: name, to: name };
  });
  return [
    { from: `${tables}.weight`, to: `${tables}.${embedding.weight}` },
    ...linears.flatMap((module) => [linearWeight(module), { from: `${module}.bias`, to: `${module}.bias` }]),
    ...normalizations.flatMap((module) => [normalizationRule(module, "weight"), normalizationRule(module, "bias")]),
    ...ofHeads,
  ];
}
