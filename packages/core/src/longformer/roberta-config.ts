import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { longformerClassName } from "./class-names.ts";

type RawConfig = Readonly<Record<string, unknown>>;

interface RobertaFamily {
  /** What the class takes where the configuration does not say; all else is as in Longformer's class. */
  readonly vocabSize: number;
  /** The tokenizer's class, where it is not the one that transformers takes for a Longformer. */
  readonly tokenizerClass: string | undefined;
}

/**
 * Models with RoBERTa's mathematics, by `model_type`: the trunk's and heads' names, shapes and formulas are Longformer's but for the
 * attention, and positions begin at `pad_token_id + 1` and skip padding, as a Longformer's do.
 * Source: transformers 5.18, models/roberta, models/xlm_roberta, models/camembert.
 */
const robertaFamilies: Readonly<Record<string, RobertaFamily>> = {
  roberta: { vocabSize: 50265, tokenizerClass: undefined },
  "xlm-roberta": { vocabSize: 30522, tokenizerClass: "XLMRobertaTokenizer" },
  camembert: { vocabSize: 30522, tokenizerClass: "CamembertTokenizer" },
};

/** For messages. */
export const robertaModelTypes: string = /*#__PURE__*/ Object.keys(robertaFamilies).join(", ");

/** Whether a config.json's `model_type` is one that can be extended: RoBERTa's, XLM-R's, CamemBERT's. */
export function isRobertaModelType(modelType: unknown): boolean {
  return typeof modelType === "string" && Object.hasOwn(robertaFamilies, modelType);
}

/**
 * A RoBERTa's configuration in a Longformer's keys: model type and class names are changed, the separator is RoBERTa's end of sequence,
 * the tokenizer's class is said where it followed from the model type. Windows are the caller's affair. Code of the source's own
 * (`auto_map`) is for the class it no longer is, and is taken off. Other keys stay.
 * @throws LongspanError `unsupported` for decoders and relative positions, which a Longformer does not have.
 */
export function robertaAsLongformerConfig(raw: RawConfig, origin: string): RawConfig {
  const family = robertaFamilies[String(raw.model_type)];
  if (family === undefined) throw new TypeError(`${String(raw.model_type)} is no RoBERTa's model type`);
  refuseOtherMathematics(raw, origin);
  const { auto_map: _auto, position_embedding_type: _absolute, ...rest } = raw;
  const tokenizerClass = raw.tokenizer_class ?? family.tokenizerClass;
  return {
    ...rest,
    model_type: "longformer",
    ...(Array.isArray(raw.architectures)
      ? { architectures: raw.architectures.map((name: unknown) => (typeof name === "string" ? longformerClassName(name) : name)) }
      : {}),
    ...(tokenizerClass === undefined ? {} : { tokenizer_class: tokenizerClass }),
    vocab_size: raw.vocab_size ?? family.vocabSize,
    sep_token_id: raw.sep_token_id ?? raw.eos_token_id ?? 2,
  };
}

function refuseOtherMathematics(raw: RawConfig, origin: string): void {
  const positions = raw.position_embedding_type ?? "absolute";
  if (positions !== "absolute") {
    throw new LongspanError(
      "unsupported",
      `${origin} says position_embedding_type ${shownValue(positions)}: a Longformer has absolute positions only, so this model cannot become one.`,
      { details: { position_embedding_type: positions } },
    );
  }
  for (const key of ["is_decoder", "add_cross_attention"]) {
    if (raw[key] === true) {
      throw new LongspanError(
        "unsupported",
        `${origin} says ${key} true: a Longformer is an encoder, which looks to both sides, so this model cannot become one.`,
        { details: { key } },
      );
    }
  }
}

/** Why models that are named much alike are no Longformers whatever attention they were given, and the way out. */
const otherModels: Readonly<Record<string, string>> = {
  bert: "BERT numbers its positions from 0 and counts padding, a Longformer's begin at pad_token_id + 1 and skip it; and BERT's masked-LM head (cls.predictions) has other names and no counterpart. Begin with a RoBERTa (longspan extend), or save the model as a LongformerModel whose position table is moved by pad_token_id + 1 rows",
  electra:
    "ELECTRA numbers its positions as BERT does, from 0 and with padding, and has other heads. Begin with a RoBERTa (longspan extend)",
  distilbert:
    "DistilBERT numbers its positions as BERT does, and has other names and no token types. Begin with a RoBERTa (longspan extend)",
  albert: "ALBERT has one layer for all, and embeddings of another size. Begin with a RoBERTa (longspan extend)",
  deberta:
    "DeBERTa's attention takes relative positions apart from words, which a Longformer's does not. Begin with a RoBERTa (longspan extend)",
  "deberta-v2":
    "DeBERTa's attention takes relative positions apart from words, which a Longformer's does not. Begin with a RoBERTa (longspan extend)",
  mpnet: "MPNet's attention has a bias of relative positions, which a Longformer's has not. Begin with a RoBERTa (longspan extend)",
  "xlm-roberta-xl": "XLM-RoBERTa-XL normalises before each layer, a Longformer after it. Begin with XLM-R (longspan extend)",
  "roberta-prelayernorm": "this model normalises before each layer, a Longformer after it. Begin with a RoBERTa (longspan extend)",
  xmod: "X-MOD has adapters of each language in its layers. Begin with XLM-R (longspan extend)",
  big_bird: "BigBird attends to random blocks beside its window, a Longformer does not",
  led: "LED is the encoder-decoder Longformer, which is another model",
};

/** The refusal of a model type that is neither Longformer's nor of RoBERTa's kind. */
export function foreignModelType(modelType: string, origin: string): LongspanError {
  const known = Object.hasOwn(otherModels, modelType) ? otherModels[modelType] : undefined;
  return new LongspanError(
    "not-a-longformer",
    `${origin} says model_type ${JSON.stringify(modelType)}. ${
      known === undefined
        ? `Longspan converts "longformer" models, and those that were given a Longformer's attention: ${robertaModelTypes}`
        : `It is no Longformer, whatever attention it was given: ${known}`
    }.`,
    { details: { modelType } },
  );
}
