import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { memoryFileSet } from "@longspan/core";
import { tokenizerFiles, tokenizersAround } from "../../test/hostile-tokenizers.ts";
import { loadTokenizer } from "./load-tokenizer.ts";

const base = new URL("../../../../fixtures/pipelines/byte-level/tokenizer.json", import.meta.url);
const { hostile, model, settings } = tokenizersAround(JSON.parse(readFileSync(base, "utf8")));

test.each(hostile)("$name is refused by name", async ({ files, code, says }) => {
  const refused: unknown = await loadTokenizer(memoryFileSet("f", files)).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code });
  const { message }: Error = Object(refused);
  for (const part of says) expect(message).toContain(part);
  expect(message.length).toBeLessThan(600);
});

test("a message shows little of a long text", async () => {
  const files = model({ vocab: { ["x".repeat(10_000)]: "y".repeat(10_000) } });
  const refused: unknown = await loadTokenizer(memoryFileSet("f", tokenizerFiles(files))).catch((error: unknown) => error);
  const { message }: Error = Object(refused);
  expect(message.length).toBeLessThan(400);
});

test.each([
  [1e30, undefined],
  [null, undefined],
  [512, 512],
])("a model_max_length of %d means %s", async (given, expected) => {
  const files = tokenizerFiles(settings({ model_max_length: given }));
  expect((await loadTokenizer(memoryFileSet("f", files))).maxTokens).toBe(expected);
});
