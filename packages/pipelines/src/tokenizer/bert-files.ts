import { LongspanError } from "@longspan/core";
import { isObject, textOf, type JsonObject } from "./json-object.ts";

export interface BertFiles {
  /** vocab.txt: a token in each line; its id is the line's number. */
  readonly vocabulary: string;
  readonly config: JsonObject;
  readonly name: string;
}

/** BERT's special tokens where no file names others (transformers, tokenization_bert.py). */
const roles: Readonly<Record<string, string>> = {
  pad_token: "[PAD]",
  unk_token: "[UNK]",
  cls_token: "[CLS]",
  sep_token: "[SEP]",
  mask_token: "[MASK]",
};

/**
 * The tokenizer.json that transformers makes of BERT's `vocab.txt`, as the Chinese Longformers have it (convert_slow_tokenizer.py,
 * BertConverter).
 * @throws LongspanError `malformed`.
 */
export function bertDescription({ vocabulary, config, name }: BertFiles): JsonObject {
  const tokens = vocabulary.replace(/\r?\n$/, "").split(/\r?\n/);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const special = (role: string): [string, number] => {
    const value = config[role];
    const token = (isObject(value) ? textOf(value.content) : textOf(value)) ?? roles[role] ?? "";
    const id = ids.get(token);
    if (id !== undefined) return [token, id];
    throw new LongspanError("malformed", `${name} lacks ${JSON.stringify(token)}, its ${role}. Is it BERT's vocabulary?`, {
      details: { vocabulary: name, token },
    });
  };
  const named = Object.keys(roles).filter((role) => role !== "mask_token" || ids.has(roles.mask_token ?? ""));
  return {
    added_tokens: named.map(special).map(([content, id]) => ({ id, content, special: true })),
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars !== false,
      strip_accents: typeof config.strip_accents === "boolean" ? config.strip_accents : null,
      lowercase: config.do_lower_case !== false,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: { type: "BertProcessing", sep: special("sep_token"), cls: special("cls_token") },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      unk_token: special("unk_token")[0],
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  };
}
