import { readdirSync, readFileSync } from "node:fs";
import { memoryFileSet } from "@longspan/core";
import { directoryFileSet } from "@longspan/core/node";
import { expect, test } from "vitest";
import { loadTokenizer } from "./load-tokenizer.ts";
import { tokenizerJson } from "./tokenizer-json.ts";

const fixtures = new URL("../../../../fixtures/tokenizers/", import.meta.url);
const { cases }: { cases: readonly { folder: string; text: string; ids: readonly number[] }[] } = JSON.parse(
  readFileSync(new URL("cases.json", fixtures), "utf8"),
);
const folders = [...readdirSync(new URL("cases", fixtures)).map((name) => `cases/${name}`), "byte-level", "sentencepiece", "unigram-bytes"];

test.each(folders)("%s: tokenizer.json alone gives the same tokens as all the files", async (folder) => {
  const files = directoryFileSet(new URL(`${folder}/`, fixtures).pathname);
  const { text, roles } = await tokenizerJson(files);
  const alone = await loadTokenizer(
    memoryFileSet("alone", {
      "tokenizer.json": new TextEncoder().encode(text),
      "tokenizer_config.json": new TextEncoder().encode(JSON.stringify({ ...roles, tokenizer_class: "PreTrainedTokenizerFast" })),
    }),
  );
  const whole = await loadTokenizer(files);
  expect(alone.special).toEqual(whole.special);
  for (const { text: sample } of cases) {
    const [one, other] = [alone.encode(sample), whole.encode(sample)];
    expect({ text: sample, ids: one.ids }).toEqual({ text: sample, ids: other.ids });
  }
});
