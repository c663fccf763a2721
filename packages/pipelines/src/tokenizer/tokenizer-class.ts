import { LongspanError } from "@longspan/core";
import { textOf, type JsonObject } from "./json-object.ts";
import { quoted } from "./quoted.ts";

/**
 * How a tokenizer is made of its files. `asItStands`: tokenizer.json is taken as it is. The others make their own of the vocabulary and of
 * tokenizer_config.json, and what tokenizer.json says of normalizing, splitting and joining is not looked at (transformers 5).
 */
export type TokenizerKind = "roberta" | "bert" | "xlm-roberta" | "asItStands";

/** transformers' classes, without the ending `Fast`. Several are other names of RobertaTokenizer and BertTokenizer there. */
const kinds: ReadonlyMap<string, TokenizerKind> = /*#__PURE__*/ new Map([
  ["LongformerTokenizer", "roberta"],
  ["RobertaTokenizer", "roberta"],
  ["LEDTokenizer", "roberta"],
  ["BartTokenizer", "roberta"],
  ["BertTokenizer", "bert"],
  ["ElectraTokenizer", "bert"],
  ["XLMRobertaTokenizer", "xlm-roberta"],
  ["PreTrainedTokenizer", "asItStands"],
  ["TokenizersBackend", "asItStands"],
]);

/** By `model_type` of config.json, where no class is named. */
const kindOfModel: ReadonlyMap<string, TokenizerKind> = /*#__PURE__*/ new Map([
  ["roberta", "roberta"],
  ["longformer", "roberta"],
  ["bert", "bert"],
  ["xlm-roberta", "xlm-roberta"],
]);

/** What each makes its tokens with, as `model.type` of tokenizer.json. */
export const modelTypes: Readonly<Record<Exclude<TokenizerKind, "asItStands">, string>> = {
  roberta: "BPE",
  bert: "WordPiece",
  "xlm-roberta": "Unigram",
};

/**
 * The kind of tokenizer that `tokenizer_class` names in tokenizer_config.json, else in config.json; else that of the model's type. Undefined where
 * nothing says.
 * @throws LongspanError `unsupported` for a class whose rules are not known here.
 */
export function namedKind(
  tokenizerConfig: JsonObject,
  modelConfig: JsonObject,
  name: string,
): { kind: TokenizerKind; named: boolean } | undefined {
  const given = tokenizerConfig.tokenizer_class ?? modelConfig.tokenizer_class;
  if (given === undefined || given === null) {
    const kind = kindOfModel.get(textOf(modelConfig.model_type) ?? "");
    return kind === undefined ? undefined : { kind, named: false };
  }
  const kind = kinds.get(typeof given === "string" ? given.replace(/Fast$/, "") : "");
  if (kind !== undefined) return { kind, named: true };
  throw new LongspanError(
    "unsupported",
    `${name}: tokenizer_class is ${quoted(given)}, whose rules are not known; ${[...kinds.keys()].join(", ")} are. Say PreTrainedTokenizerFast if tokenizer.json is to be taken as it stands, or give a tokenizer of your own: see TextTokenizer.`,
    { details: { tokenizer: name, tokenizerClass: quoted(given) } },
  );
}
