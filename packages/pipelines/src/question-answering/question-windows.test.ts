import { expect, test } from "vitest";
import { parseLongformerConfig, publishedConfigs } from "@longspan/core/adapter";
import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";
import { joinRule, questionWindows } from "./question-windows.ts";

/** A token for each letter: its place in the alphabet and 10. */
const letters: TextTokenizer = {
  name: "letters",
  maxId: 36,
  special: { classification: 0, separator: 2, mask: undefined, maskTakesSpace: false },
  secondTypeId: 0,
  encode(text) {
    const places = Int32Array.from({ length: text.length }, (_, index) => index);
    return {
      ids: places.map((index) => text.charCodeAt(index) - 87),
      starts: places,
      ends: places.map((index) => index + 1),
      words: places,
    };
  },
  tokenOf: String,
  decode: (ids) => ids.join(""),
};

function configOf(longspan?: object): ReturnType<typeof parseLongformerConfig>["config"] {
  return parseLongformerConfig({ ...publishedConfigs["longformer-base-4096"], longspan }).config;
}

function rows(longspan?: object, tokenizer: TextTokenizer = letters, globals = 3): readonly (readonly number[])[] {
  const { windows } = questionWindows({ question: "ab", context: "cdefghi" }, tokenizer, joinRule(tokenizer, configOf(longspan)), {
    windowTokens: 10,
    strideTokens: 1,
    maxTokens: 100,
  });
  expect(windows.every(({ row }) => row.globals === globals)).toBe(true);
  return windows.map(({ row }) => [...row.ids]);
}

test("each window has the whole question, joined by two separators as Hugging Face does", () => {
  expect(rows()).toEqual([
    [0, 10, 11, 2, 2, 12, 13, 14, 15, 2],
    [0, 10, 11, 2, 2, 15, 16, 17, 18, 2],
  ]);
  expect(rows({ questionAnsweringSeparators: 3 })).toEqual(rows());
  // A RoBERTa that was given Longformer's attention: the same pair, and no token of the question is global.
  expect(rows({ globalAttention: "none" }, letters, 0)).toEqual(rows());
});

test("a configuration that counts two separators joins with one, as allenai's TriviaQA script does", () => {
  expect(rows({ questionAnsweringSeparators: 2 })).toEqual([
    [0, 10, 11, 2, 12, 13, 14, 15, 16, 2],
    [0, 10, 11, 2, 16, 17, 18, 2],
  ]);
});

test("token types of the document where a tokenizer has them", () => {
  const bert: TextTokenizer = { ...letters, secondTypeId: 1 };
  const { windows } = questionWindows({ question: "ab", context: "cd" }, bert, joinRule(bert, configOf()), { maxTokens: 100 });
  expect(windows.map(({ row }) => row.secondTypeFrom)).toEqual([5]);
});
