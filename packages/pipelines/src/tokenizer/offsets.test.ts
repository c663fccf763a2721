import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { directoryFileSet } from "@longspan/core/node";
import { vocabularyLines } from "./bert-tokenizer.ts";
import { loadTokenizer } from "./load-tokenizer.ts";
import { trimOffsets } from "./trim-offsets.ts";

interface Recorded {
  readonly tokenizer: string;
  readonly cases: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly tokens: readonly string[];
    readonly offsets: readonly (readonly [number, number])[];
    readonly words: readonly (number | null)[];
  }[];
}

const folder = new URL("../../../../fixtures/pipelines/", import.meta.url);
const { recorded }: { recorded: readonly Recorded[] } = JSON.parse(readFileSync(new URL("offsets.json", folder), "utf8"));

/** The same partition, whatever the numbers. */
function renumbered(words: Iterable<number | null>): number[] {
  const numbers = new Map<number | null, number>();
  return Array.from(words, (word) => numbers.get(word) ?? (numbers.set(word, numbers.size), numbers.size - 1));
}

describe.each(recorded)("tokens, places and words of Hugging Face's tokenizer $tokenizer", ({ tokenizer, cases }) => {
  const loading = loadTokenizer(directoryFileSet(new URL(`${tokenizer}/`, folder).pathname));

  test.each(cases)("$text", async ({ text, ids, tokens, offsets, words }) => {
    const loaded = await loading;
    const encoded = loaded.encode(text);
    expect(Array.from(encoded.ids, (id) => loaded.tokenOf(id))).toEqual(tokens);
    expect([...encoded.ids]).toEqual(ids);
    expect(Array.from(encoded.starts, (start, index) => [start, encoded.ends[index]])).toEqual(offsets);
    expect(renumbered(encoded.words)).toEqual(renumbered(words));
  });
});

test("spaces at the ends of tokens are counted from the ends: a long run inside one takes no longer than the token", () => {
  const token = `a${" ".repeat(200_000)}b`;
  const [starts, ends] = [Int32Array.of(0), Int32Array.of(token.length)];
  trimOffsets(token, [token], starts, ends, false);
  expect([starts[0], ends[0]]).toEqual([0, token.length]);
  const spaced = `\u0120 ${token} \u0120`;
  const text = `  ${token}  `;
  const [first, last] = [Int32Array.of(0), Int32Array.of(text.length)];
  trimOffsets(text, [spaced], first, last, false);
  expect([first[0], last[0]]).toEqual([2, text.length - 2]);
});

test("lines of a vocabulary end before their last spaces, however many are inside", () => {
  const line = `a${" ".repeat(200_000)}b`;
  expect([...vocabularyLines(`${line} \u3000\n[UNK]\t\n`, "vocab.txt")]).toEqual([
    [line, 0],
    ["[UNK]", 1],
  ]);
});
