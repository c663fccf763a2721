import { type AddRule, type DropRule, headParameters, type Rule } from "@longspan/core/adapter";

const parameter = "{p:weight|bias}";

/** A Linear layer: its weight lies `[in, out]`, as `paddle.nn.Linear` keeps it. */
export function linearRules(from: string, to: string): readonly Rule[] {
  return [
    { from: `${from}.weight`, to: `${to}.weight`, transform: "transpose" },
    { from: `${from}.bias`, to: `${to}.bias` },
  ];
}

export function normalizationRule(from: string, to: string): Rule {
  return { from: `${from}.${parameter}`, to: `${to}.${parameter}` };
}

const tables = "embeddings.{table:word_embeddings|position_embeddings|token_type_embeddings}.weight";

/** The embeddings and the pooler, as every Paddle convention spells them. Tables are looked up, not multiplied: no framework transposes them. */
export const outerTrunkRules: readonly Rule[] = [
  { from: tables, to: tables },
  normalizationRule("embeddings.LayerNorm", "embeddings.layer_norm"),
  ...linearRules("pooler.dense", "pooler.dense"),
];

/** How scripts that transpose and rename nothing spell the embeddings' norm. */
export const torchEmbeddingNormRule: Rule = /*#__PURE__*/ normalizationRule("embeddings.LayerNorm", "embeddings.LayerNorm");

/** The sublayers of `paddle.nn.TransformerEncoder` around attention: `norm1`, `linear1`, `linear2`, `norm2`. */
export const transformerSublayerRules: readonly Rule[] = [
  normalizationRule("encoder.layer.{i}.attention.output.LayerNorm", "encoder.layers.{i}.norm1"),
  ...linearRules("encoder.layer.{i}.intermediate.dense", "encoder.layers.{i}.linear1"),
  ...linearRules("encoder.layer.{i}.output.dense", "encoder.layers.{i}.linear2"),
  normalizationRule("encoder.layer.{i}.output.LayerNorm", "encoder.layers.{i}.norm2"),
];

/**
 * The heads' parameters under their canonical names. A rule counts only where its parameter is in the model's specification, so one list serves
 * every head. `except`: names that a convention spells in another way, or has no room for.
 */
export function headRules(except: ReadonlySet<string> = new Set()): readonly Rule[] {
  return headParameters()
    .filter(({ name }) => !except.has(name))
    .map(({ name, role, shape }): Rule =>
      role === "linear" && shape.length === 2 ? { from: name, to: name, transform: "transpose" } : { from: name, to: name },
    );
}

/** Old models register the row numbers of the position table as a buffer. */
export const positionIdsDrop: DropRule = {
  name: "embeddings.position_ids",
  reason: "a buffer of consecutive numbers that every model makes anew, not a weight",
};

/** `paddle.nn.Linear` cannot share an embedding's matrix, so files hold the language head's decoder as a transposed copy. Checked when read, not written. */
export const tiedDecoderWeightAdd: AddRule = {
  name: "lm_head.decoder.weight",
  copyOf: "embeddings.word_embeddings.weight",
  transform: "transpose",
  reason: "tied to the word embeddings",
};

export const tiedDecoderBiasAdd: AddRule = { name: "lm_head.decoder.bias", copyOf: "lm_head.bias", reason: "tied to lm_head.bias" };
