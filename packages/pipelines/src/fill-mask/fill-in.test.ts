import { expect, test } from "vitest";
import { directoryFileSet } from "@longspan/core/node";
import { loadTokenizer } from "../tokenizer/load-tokenizer.ts";
import { fillIn } from "./fill-in.ts";

const fixtures = new URL("../../../../fixtures/", import.meta.url);

test.each([
  ["tokenizers/unigram-precompiled", "a <mask> b", "\u2581a", "a a b"],
  ["pipelines/byte-level", "a <mask> b", "\u0120the", "a the b"],
  ["pipelines/word-piece", "a [MASK] b", "a", "a a b"],
])("%s: the token brings its space where the mask takes it along", async (folder, text, token, filled) => {
  const tokenizer = await loadTokenizer(directoryFileSet(new URL(`${folder}/`, fixtures).pathname));
  const { ids, starts, ends } = tokenizer.encode(text);
  const { mask = -1 } = tokenizer.special;
  const at = ids.indexOf(mask);
  const id = Array.from({ length: tokenizer.maxId }, (_, index) => index).findIndex((index) => tokenizer.tokenOf(index) === token);
  expect(fillIn(tokenizer, text, { id: mask, start: starts[at] ?? 0, end: ends[at] ?? 0 }, id)).toBe(filled);
});
