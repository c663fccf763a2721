import type { AddedToken } from "./added-vocabulary.ts";
import { isObject, objectsIn, typeOf, type JsonObject } from "./json-object.ts";
import type { SentencepieceModel } from "./sentencepiece-model.ts";
import { neededRole, optionOf, type MadeTokenizer, type TokenizerParts } from "./tokenizer-parts.ts";

/** XLM-R's special tokens where no file names others (transformers, tokenization_xlm_roberta.py). */
const xlmRobertaRoles: Readonly<Record<string, string>> = {
  bos_token: "<s>",
  eos_token: "</s>",
  sep_token: "</s>",
  cls_token: "<s>",
  unk_token: "<unk>",
  pad_token: "<pad>",
  mask_token: "<mask>",
};

/** sentencepiece's own first three pieces, `<unk>`, `<s>` and `</s>`, which others take the place of. */
export const ownPieces: readonly string[] = ["<unk>", "<s>", "</s>"];

/**
 * The tokenizer that transformers makes of XLM-R's pieces (tokenization_xlm_roberta.py).
 * @param normalizer that of tokenizer.json, or the rules of a sentencepiece model: only its table of rules is carried out.
 */
export function xlmRobertaTokenizer(pieces: unknown, normalizer: unknown, parts: TokenizerParts): MadeTokenizer {
  const scheme = optionOf(parts, "add_prefix_space", true) ? "always" : "never";
  const [first, last] = [neededRole(parts, xlmRobertaRoles, "bos_token"), neededRole(parts, xlmRobertaRoles, "eos_token")];
  const item = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
  const text = (id: string): object => ({ Sequence: { id, type_id: 0 } });
  return {
    roles: xlmRobertaRoles,
    description: {
      normalizer: rulesOf(normalizer) ?? null,
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [{ type: "WhitespaceSplit" }, { type: "Metaspace", replacement: "\u2581", prepend_scheme: scheme, split: true }],
      },
      post_processor: {
        type: "TemplateProcessing",
        single: [item(first), text("A"), item(last)],
        pair: [item(first), text("A"), item(last), item(last), text("B"), item(last)],
      },
      decoder: { type: "Metaspace", replacement: "\u2581", prepend_scheme: scheme, split: true },
      model: { type: "Unigram", unk_id: 3, byte_fallback: false, vocab: pieces },
    },
  };
}

/**
 * A sentencepiece model's pieces with fairseq's numbers, which XLM-R has: `<s>`, `<pad>`, `</s>` and `<unk>` before them, the mask behind
 * (convert_slow_tokenizer.py, XLMRobertaConverter).
 */
export function fairseqPieces({ pieces }: SentencepieceModel, parts: TokenizerParts): readonly (readonly [string, number])[] {
  const role = (name: string): readonly [string, number] => [neededRole(parts, xlmRobertaRoles, name), 0];
  const own = pieces.slice(ownPieces.length).map(({ piece, score }): [string, number] => [piece, score]);
  return [role("bos_token"), role("pad_token"), role("eos_token"), role("unk_token"), ...own, role("mask_token")];
}

/** Pieces that sentencepiece itself finds in a text before all others: its control symbols and those its user defined. */
export function sentencepieceTokens({ pieces }: SentencepieceModel): readonly AddedToken[] {
  return pieces.flatMap(({ piece, kind }) =>
    kind === "control" || kind === "userDefined"
      ? [{ content: piece, lstrip: false, rstrip: false, singleWord: false, normalized: false, special: kind === "control" }]
      : [],
  );
}

/** The first table of rules in a normalizer. */
function rulesOf(normalizer: unknown): JsonObject | undefined {
  if (!isObject(normalizer)) return undefined;
  const steps = typeOf(normalizer) === "Sequence" ? objectsIn(normalizer.normalizers) : [normalizer];
  return steps.find((step) => typeOf(step) === "Precompiled" && "precompiled_charsmap" in step);
}
