import { LongspanError } from "@longspan/core";
import { checkCount, maxMerges } from "./check-count.ts";
import type { TokenizerParts } from "./tokenizer-parts.ts";
import { neededRole, optionOf, type MadeTokenizer } from "./tokenizer-parts.ts";
import { quoted } from "./quoted.ts";

/** RoBERTa's special tokens where no file names others (transformers, tokenization_roberta.py). */
const robertaRoles: Readonly<Record<string, string>> = {
  bos_token: "<s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  sep_token: "</s>",
  pad_token: "<pad>",
  cls_token: "<s>",
  mask_token: "<mask>",
};

/**
 * The tokenizer that transformers makes of RoBERTa's vocabulary and merges, whether they lie in tokenizer.json or in files of their own
 * (tokenization_roberta.py).
 * @throws LongspanError `malformed`.
 */
export function robertaTokenizer(vocabulary: unknown, merges: unknown, parts: TokenizerParts): MadeTokenizer {
  const addsPrefixSpace = optionOf(parts, "add_prefix_space", false);
  const role = (name: string): string => neededRole(parts, robertaRoles, name);
  return {
    roles: robertaRoles,
    description: {
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: addsPrefixSpace, trim_offsets: true, use_regex: true },
      post_processor: {
        type: "RobertaProcessing",
        sep: [role("sep_token")],
        cls: [role("cls_token")],
        trim_offsets: optionOf(parts, "trim_offsets", true),
        add_prefix_space: addsPrefixSpace,
      },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: { type: "BPE", unk_token: null, vocab: vocabulary, merges },
    },
  };
}

/** The pairs of merges.txt. @throws LongspanError `malformed` naming the line, `limit-exceeded`. */
export function mergesOf(text: string, name: string): readonly (readonly string[])[] {
  const lines = text.replace(/\r?\n$/, "").split("\n");
  checkCount(lines.length, maxMerges(text.length), name, "lines");
  return lines.flatMap((given, index) => {
    const line = given.replace(/\r$/, "");
    if (line.startsWith("#version") || (line === "" && lines.length === 1)) return [];
    const pair = line.split(" ");
    if (pair.length === 2) return [pair];
    throw new LongspanError("malformed", `${name}: line ${index + 1} is ${quoted(line)}; a line has two tokens.`, {
      details: { file: name, line: index + 1 },
    });
  });
}
