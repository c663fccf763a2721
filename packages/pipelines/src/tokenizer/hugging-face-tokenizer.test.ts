import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";
import { assert, constantFrom, oneof, pre, property, string, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryFileSet } from "@longspan/core";
import { huggingFaceTokenizer } from "./hugging-face-tokenizer.ts";
import type { JsonObject } from "./json-object.ts";
import { loadTokenizer } from "./load-tokenizer.ts";

const folder = new URL("../../../../fixtures/pipelines/", import.meta.url);

function read(name: string): JsonObject {
  const parsed: JsonObject = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
  return parsed;
}

function bytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

const text = tuple(
  oneof(string({ unit: "binary" }), string({ unit: "grapheme" }), string()),
  constantFrom(" <mask> ", "<mask>", "  ", "", "</s>", "🗼"),
  oneof(string({ unit: "grapheme" }), string()),
).map((parts) => parts.join(""));

describe("byte-level BPE loses nothing", () => {
  const description = read("byte-level/tokenizer.json");
  const tokenizer = huggingFaceTokenizer({ tokenizer: description, name: "byte-level" });
  const library = new Tokenizer(description, {});

  test("ids are the library's; places ascend and cover all but spaces", () => {
    assert(
      property(text, (given) => {
        // The library takes U+FEFF for a space, and U+0085 for none.
        pre(!/[\uFEFF\u0085]/.test(given));
        const { ids, starts, ends } = tokenizer.encode(given);
        expect([...ids]).toEqual(library.encode(given, { add_special_tokens: false }).ids);
        let covered = 0;
        for (const [index, start] of starts.entries()) {
          const end = ends[index] ?? 0;
          expect(start).toBeLessThanOrEqual(end);
          if (start > covered) expect(given.slice(covered, start).trim()).toBe("");
          covered = Math.max(covered, end);
        }
        expect(given.slice(covered).trim()).toBe("");
      }),
    );
  });

  test("a slice between tokens never cuts a character in half", () => {
    const { starts, ends } = tokenizer.encode("🗼🔑🏽 𝒳");
    for (const place of [...starts, ...ends]) expect("🗼🔑🏽 𝒳".slice(place).isWellFormed()).toBe(true);
  });
});

test("vocab.json with merges.txt make the tokenizer that tokenizer.json does; unless a file says so, no mask takes spaces along", async () => {
  const files = { "vocab.json": bytes("byte-level/vocab.json"), "merges.txt": bytes("byte-level/merges.txt") };
  const whole = await loadTokenizer(memoryFileSet("whole", { "tokenizer.json": bytes("byte-level/tokenizer.json") }));
  const bare = await loadTokenizer(memoryFileSet("bare", files));
  const named = await loadTokenizer(
    memoryFileSet("named", { ...files, "tokenizer_config.json": bytes("byte-level/tokenizer_config.json") }),
  );
  expect(named.special).toEqual(whole.special);
  expect(bare.special).toEqual({ ...whole.special, maskTakesSpace: false });
  expect(bare.maxId).toBe(419);
  assert(
    property(text, (given) => {
      expect(named.encode(given)).toEqual(whole.encode(given));
      const unmasked = given.replaceAll("<mask>", "");
      expect(bare.encode(unmasked)).toEqual(whole.encode(unmasked));
    }),
  );
});

test.each(["word-piece", "word-piece-cased"])("vocab.txt makes the tokenizer that tokenizer.json does: %s", async (name) => {
  const description = read(`${name}/tokenizer.json`);
  const { vocab }: { vocab: Record<string, number> } = JSON.parse(JSON.stringify(description.model));
  const lines = Object.keys(vocab).toSorted((a, b) => (vocab[a] ?? 0) - (vocab[b] ?? 0));
  const config = bytes(`${name}/tokenizer_config.json`);
  const whole = await loadTokenizer(
    memoryFileSet("whole", { "tokenizer.json": bytes(`${name}/tokenizer.json`), "tokenizer_config.json": config }),
  );
  const bare = await loadTokenizer(
    memoryFileSet("bare", { "vocab.txt": new TextEncoder().encode(`${lines.join("\n")}\n`), "tokenizer_config.json": config }),
  );
  expect(bare.special).toEqual(whole.special);
  expect(bare.secondTypeId).toBe(1);
  assert(
    property(text, (given) => {
      expect(bare.encode(given)).toEqual(whole.encode(given));
    }),
  );
});

describe("what cannot be read is refused", () => {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const base = read("byte-level/tokenizer.json");

  test.each([
    ["no files", {}, "not-found", "neither tokenizer.json, nor vocab.json"],
    ["vocab.json alone", { "vocab.json": json({}) }, "not-found", "merges.txt is not"],
    ["no JSON", { "tokenizer.json": new TextEncoder().encode("{") }, "malformed", "not JSON"],
    ["a list", { "tokenizer.json": json([]) }, "malformed", "no JSON object"],
    ["no vocabulary", { "tokenizer.json": json({ model: {} }) }, "malformed", "model.vocab"],
    ["another model", { "tokenizer.json": json({ model: { type: "WordLevel", vocab: {} } }) }, "unsupported", "WordLevel"],
    ["another normalizer", { "tokenizer.json": json({ ...base, normalizer: { type: "ByteLevel" } }) }, "unsupported", "ByteLevel"],
    [
      "another pre-tokenizer",
      { "tokenizer.json": json({ ...base, pre_tokenizer: { type: "UnicodeScripts" } }) },
      "unsupported",
      "UnicodeScripts",
    ],
    ["an unknown part", { "tokenizer.json": json({ ...base, decoder: { type: "?" } }) }, "unsupported", "Decoder"],
    [
      "a torn merge",
      { "vocab.json": bytes("byte-level/vocab.json"), "merges.txt": new TextEncoder().encode("a\n") },
      "malformed",
      "line 1",
    ],
  ])("%s", async (_, files, code, says) => {
    await expect(loadTokenizer(memoryFileSet("folder", files))).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
  });
});
