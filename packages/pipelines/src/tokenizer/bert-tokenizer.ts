import { isSpace } from "./characters.ts";
import { checkCount, maxVocabularyLines } from "./check-count.ts";
import { neededRole, optionOf, type MadeTokenizer, type TokenizerParts } from "./tokenizer-parts.ts";

/** BERT's special tokens where no file names others (transformers, tokenization_bert.py). */
const bertRoles: Readonly<Record<string, string>> = {
  unk_token: "[UNK]",
  sep_token: "[SEP]",
  pad_token: "[PAD]",
  cls_token: "[CLS]",
  mask_token: "[MASK]",
};

/**
 * The tokenizer that transformers makes of BERT's vocabulary, whether it lies in tokenizer.json or in vocab.txt, as the Chinese Longformers have it
 * (tokenization_bert.py).
 * @throws LongspanError `malformed`.
 */
export function bertTokenizer(vocabulary: unknown, parts: TokenizerParts): MadeTokenizer {
  const [classification, separator] = [neededRole(parts, bertRoles, "cls_token"), neededRole(parts, bertRoles, "sep_token")];
  const item = (id: string, type: number): object => ({ SpecialToken: { id, type_id: type } });
  const text = (id: string, type: number): object => ({ Sequence: { id, type_id: type } });
  return {
    roles: bertRoles,
    description: {
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: optionOf(parts, "tokenize_chinese_chars", true),
        strip_accents: parts.config.strip_accents === null ? null : optionOf(parts, "strip_accents", undefined),
        lowercase: optionOf(parts, "do_lower_case", true),
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: {
        type: "TemplateProcessing",
        single: [item(classification, 0), text("A", 0), item(separator, 0)],
        pair: [item(classification, 0), text("A", 0), item(separator, 0), text("B", 1), item(separator, 1)],
      },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: neededRole(parts, bertRoles, "unk_token"),
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: vocabulary,
      },
    },
  };
}

/** The tokens of vocab.txt, one in each line; its id is the line's number from 0 on. Of equal lines the last counts, as in the library. @throws LongspanError `limit-exceeded`. */
export function vocabularyLines(text: string, name: string): Map<string, number> {
  const lines = text.replace(/\r?\n$/, "").split("\n");
  checkCount(lines.length, maxVocabularyLines(text.length), name, "lines");
  return new Map(lines.map((line, id) => [withoutTrailingSpaces(line), id]));
}

/** Counted from the end: a pattern would begin at each space of a line anew. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length;
  while (end > 0 && isSpace(line[end - 1])) end--;
  return line.slice(0, end);
}
