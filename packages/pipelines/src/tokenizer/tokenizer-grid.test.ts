import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LongspanError, memoryFileSet } from "@longspan/core";
import { loadTokenizer } from "./load-tokenizer.ts";

interface Answer {
  readonly ids: readonly (readonly number[])[];
  readonly offsets: readonly (readonly number[])[];
  /** Two texts with special tokens. */
  readonly pair: readonly number[];
  readonly mask: number | null;
}

interface GridCase extends Partial<Answer> {
  /** A file's content; `@name`, one of the bases; or a base of which some keys are changed. */
  readonly files: Readonly<Record<string, unknown>>;
  /** transformers refuses these files. */
  readonly error?: string;
  /** A token to which the files give another id than transformers does. */
  readonly conflict?: readonly [token: string, given: number, counted: number];
}

interface Grid {
  readonly texts: readonly string[];
  readonly pair: readonly [string, string];
  readonly bases: Readonly<Record<string, string>>;
  readonly cases: readonly GridCase[];
}

const folder = new URL("../../../../fixtures/tokenizers/", import.meta.url);
const { texts, pair, bases, cases }: Grid = JSON.parse(readFileSync(new URL(process.env.TOKENIZER_GRID ?? "grid.json", folder), "utf8"));

function bytesOf(content: unknown): Uint8Array {
  if (content === "@sentencepiece.bpe.model") return new Uint8Array(readFileSync(new URL("sentencepiece.bpe.model", folder)));
  if (typeof content === "string") return new TextEncoder().encode(bases[content.slice(1)]);
  const { base, changes }: { base?: string; changes?: object } = Object(content);
  return new TextEncoder().encode(JSON.stringify(base === undefined ? content : { ...JSON.parse(bases[base] ?? ""), ...changes }));
}

/** What is loaded from a case's files, or why not. */
async function load({ files }: GridCase): Promise<Answer | string> {
  const given = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, bytesOf(content)]));
  const config = new TextEncoder().encode(JSON.stringify({ model_type: "longformer" }));
  try {
    const tokenizer = await loadTokenizer(memoryFileSet("folder", { ...given, "config.json": config }));
    const encoded = texts.map((text) => tokenizer.encode(text));
    const { classification: first, separator: last, mask = null } = tokenizer.special;
    const [one, other] = pair.map((text) => [...tokenizer.encode(text).ids]);
    const between = tokenizer.secondTypeId === 1 ? [last] : [last, last];
    return {
      ids: encoded.map(({ ids }) => [...ids]),
      offsets: encoded.map(({ starts, ends }) => [...starts].flatMap((start, index) => [start, ends[index] ?? 0])),
      pair: [first, ...(one ?? []), ...between, ...(other ?? []), last].map(Number),
      mask,
    };
  } catch (error) {
    if (!LongspanError.isInstance(error)) throw error;
    return error.message;
  }
}

const numbered = cases.map((gridCase, index) => ({ ...gridCase, gridCase, index, about: JSON.stringify(gridCase.files) }));
const isRefused = ({ error, conflict }: GridCase): boolean => error !== undefined || conflict !== undefined;

test.each(numbered.filter((gridCase) => !isRefused(gridCase)))(
  "files $index of the grid give transformers' ids and offsets",
  async ({ gridCase, about, ids, offsets, pair: joined, mask }) => {
    expect(await load(gridCase), about).toEqual({ ids, offsets, pair: joined, mask: mask ?? expect.anything() });
  },
);

test.each(numbered.filter(isRefused))(
  "files $index of the grid are refused: by transformers, or as it takes other ids than they give",
  async ({ gridCase, about, conflict }) => {
    const answer = await load(gridCase);
    expect(answer, about).toEqual(expect.stringMatching(/in folder/));
    expect(answer, about).toContain(conflict === undefined ? "" : JSON.stringify(conflict[0]));
  },
);
