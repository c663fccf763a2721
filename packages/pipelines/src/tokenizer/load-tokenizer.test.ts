import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { directoryFileSet } from "@longspan/core/node";
import { loadTokenizer } from "./load-tokenizer.ts";

interface RecordedCase {
  readonly folder: string;
  readonly text: string;
  /** With special tokens. */
  readonly ids: readonly number[];
}

const fixtures = new URL("../../../../fixtures/tokenizers/", import.meta.url);
const { cases }: { cases: readonly RecordedCase[] } = JSON.parse(readFileSync(new URL("cases.json", fixtures), "utf8"));

test.each(cases)("$folder: $text", async ({ folder, text, ids }) => {
  const tokenizer = await loadTokenizer(directoryFileSet(new URL(`cases/${folder}/`, fixtures).pathname));
  const { classification, separator } = tokenizer.special;
  expect([classification, ...tokenizer.encode(text).ids, separator]).toEqual(ids);
});
