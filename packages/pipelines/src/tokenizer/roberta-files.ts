import { LongspanError } from "@longspan/core";
import { isObject, textOf, type JsonObject } from "./json-object.ts";

export interface RobertaFiles {
  /** vocab.json: tokens to ids. */
  readonly vocabulary: JsonObject;
  /** merges.txt: a pair in each line. */
  readonly merges: string;
  readonly config: JsonObject;
  readonly name: string;
}

/** RoBERTa's special tokens where no file names others (transformers, tokenization_roberta.py). */
const roles: Readonly<Record<string, string>> = {
  cls_token: "<s>",
  bos_token: "<s>",
  pad_token: "<pad>",
  sep_token: "</s>",
  eos_token: "</s>",
  unk_token: "<unk>",
  mask_token: "<mask>",
};

/**
 * The tokenizer.json that transformers makes of `vocab.json` and `merges.txt` (convert_slow_tokenizer.py, RobertaConverter).
 * @throws LongspanError `malformed`.
 */
export function robertaDescription({ vocabulary, merges, config, name }: RobertaFiles): JsonObject {
  const nameOf = (role: string): string => {
    const value = config[role];
    return (isObject(value) ? textOf(value.content) : textOf(value)) ?? roles[role] ?? "";
  };
  const special = (role: string): [string, number] => {
    const token = nameOf(role);
    const id = vocabulary[token];
    if (typeof id === "number") return [token, id];
    throw new LongspanError("malformed", `${name} lacks ${JSON.stringify(token)}, its ${role}. Is it RoBERTa's vocabulary?`, {
      details: { vocabulary: name, token },
    });
  };
  const addsPrefixSpace = config.add_prefix_space === true;
  const names = new Set(
    Object.keys(roles)
      .map(nameOf)
      .filter((token) => typeof vocabulary[token] === "number"),
  );
  return {
    added_tokens: [...names].map((content) => ({
      id: vocabulary[content],
      content,
      lstrip: content === nameOf("mask_token"),
      rstrip: false,
      single_word: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: addsPrefixSpace, trim_offsets: true, use_regex: true },
    post_processor: {
      type: "RobertaProcessing",
      sep: special("sep_token"),
      cls: special("cls_token"),
      trim_offsets: config.trim_offsets !== false,
      add_prefix_space: addsPrefixSpace,
    },
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      unk_token: null,
      continuing_subword_prefix: "",
      end_of_word_suffix: "",
      fuse_unk: false,
      vocab: vocabulary,
      merges: mergesOf(merges, name),
    },
  };
}

function mergesOf(text: string, name: string): readonly (readonly string[])[] {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  return lines.flatMap((line, index) => {
    if (line === "" || (index === 0 && line.startsWith("#version"))) return [];
    const pair = line.split(" ");
    if (pair.length === 2) return [pair];
    throw new LongspanError(
      "malformed",
      `merges.txt beside ${name}: line ${index + 1} is ${JSON.stringify(line.slice(0, 80))}; a line has two tokens.`,
      {
        details: { line: index + 1 },
      },
    );
  });
}
