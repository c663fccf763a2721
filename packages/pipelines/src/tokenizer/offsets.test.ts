import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { directoryFileSet } from "@longspan/core/node";
import { loadTokenizer } from "./load-tokenizer.ts";

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
