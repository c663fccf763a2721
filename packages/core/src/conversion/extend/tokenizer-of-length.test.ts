import { expect, test } from "vitest";
import { memoryFileSet } from "../../bytes/memory-file-set.ts";
import type { FileSet } from "../../bytes/file-set.ts";
import { tokenizerOfLength } from "./tokenizer-of-length.ts";

const text = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

async function settings(files: FileSet): Promise<unknown> {
  const source = await tokenizerOfLength(files, 4096).resolve("tokenizer_config.json");
  return source === undefined ? undefined : JSON.parse(new TextDecoder().decode(await source.read(0, source.size)));
}

test("model_max_length changes, all else stays; the old key for it goes", async () => {
  const files = memoryFileSet("t", {
    "tokenizer_config.json": text({ tokenizer_class: "RobertaTokenizer", model_max_length: 512, max_len: 512 }),
  });
  expect(await settings(files)).toEqual({ tokenizer_class: "RobertaTokenizer", model_max_length: 4096 });
});

test("a tokenizer without settings gets some; where there is no tokenizer there are none", async () => {
  expect(await settings(memoryFileSet("t", { "sentencepiece.bpe.model": text("…") }))).toEqual({ model_max_length: 4096 });
  expect(await settings(memoryFileSet("t", { "config.json": text({}) }))).toBeUndefined();
});

test("other files are as they are", async () => {
  const files = tokenizerOfLength(memoryFileSet("t", { "tokenizer.json": text("{}") }), 4096);
  const source = await files.resolve("tokenizer.json");
  expect(await source?.read(0, source.size)).toEqual(text("{}"));
  expect(await files.resolve("merges.txt")).toBeUndefined();
});

test.each(["[1]", "no JSON", "null"])("settings that are %s are refused with the file's name", async (content) => {
  await expect(settings(memoryFileSet("t", { "tokenizer_config.json": text(content) }))).rejects.toMatchObject({
    code: "config-invalid",
    message: expect.stringContaining("t/tokenizer_config.json"),
  });
});
