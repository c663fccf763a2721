import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { directoryFileSet } from "@longspan/core/node";
import { loadTokenizer } from "./load-tokenizer.ts";

interface Recorded {
  /** The folder it lies in. */
  readonly tokenizer: string;
  /** Of each text, without special tokens. */
  readonly ids: readonly (readonly number[])[];
  /** start, end, start, end, … */
  readonly offsets: readonly (readonly number[])[];
  readonly decoded: readonly string[];
}

const folder = new URL("../../../../fixtures/tokenizers/", import.meta.url);
const { texts, recorded }: { texts: readonly string[]; recorded: readonly Recorded[] } = JSON.parse(
  readFileSync(new URL("scripts.json", folder), "utf8"),
);

describe.each(recorded)("ids, places and decoded text of transformers' tokenizer $tokenizer", ({ tokenizer, ids, offsets, decoded }) => {
  const loading = loadTokenizer(directoryFileSet(new URL(`${tokenizer}/`, folder).pathname));

  test.each(texts.map((text, index) => ({ text, index })))("$text", async ({ text, index }) => {
    const { encode, decode } = await loading;
    const { ids: found, starts, ends } = encode(text);
    expect([...found]).toEqual(ids[index]);
    expect([...starts].flatMap((start, at) => [start, ends[at]])).toEqual(offsets[index]);
    expect(decode([...found])).toBe(decoded[index]);
  });
});
