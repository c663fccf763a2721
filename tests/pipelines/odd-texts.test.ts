import { torch } from "@longspan/adapter-torch";
import { directoryFileSet } from "@longspan/core/node";
import { referenceRuntime } from "@longspan/core/runtime";
import {
  classifyText,
  classifyTokens,
  embedText,
  fillMask,
  loadTokenizer,
  questionAnswering,
  type PipelineOptions,
} from "@longspan/pipelines";
import { expect, test } from "vitest";
import { pathOf, readRecorded } from "./recorded.ts";

interface Answer {
  readonly start: number;
  readonly end: number;
  readonly answer: string;
  readonly score: number;
}

/** What transformers' tokenizers and pipelines gave. */
interface Recorded {
  readonly question: string;
  readonly context: string;
  readonly cases: readonly {
    readonly text: string;
    /** By tokenizer: id, start, end. */
    readonly tokens: Readonly<Record<string, readonly (readonly [number, number, number])[]>>;
    /** The text with a mask at its end. */
    readonly masked: string;
    readonly fillings: readonly { readonly id: number; readonly text: string; readonly score: number }[];
    readonly labels: Readonly<Record<string, number>>;
    readonly entities: readonly { readonly label: string; readonly start: number; readonly end: number; readonly score: number }[];
    readonly mean: readonly number[];
    readonly asDocument: readonly Answer[];
    readonly asQuestion: readonly Answer[];
  }[];
}

const { question, context, cases } = readRecorded<Recorded>("odd-texts.json");
const texts = cases.map(({ text }) => text);
const close = (value: number): unknown => expect.closeTo(value, 5);
const scored = <Item extends { readonly score: number }>(items: readonly Item[]): readonly unknown[] =>
  items.map((item) => ({ ...item, score: close(item.score) }));

function at(model: string): PipelineOptions {
  return { model: pathOf(model), adapters: [torch()], runtime: referenceRuntime(), tokenizer: pathOf("byte-level") };
}

test.each(["byte-level", "byte-level-prefix-space", "word-piece", "word-piece-cased"])("tokens and places: %s", async (name) => {
  const tokenizer = await loadTokenizer(directoryFileSet(pathOf(name)));
  for (const { text, tokens } of cases) {
    const { ids, starts, ends } = tokenizer.encode(text);
    const found = Array.from(ids, (id, index) => [id, starts[index], ends[index]]);
    expect({ text, found }).toEqual({ text, found: tokens[name] });
  }
});

test("words for masks", async () => {
  await using filler = await fillMask(at("masked-lm"));
  const found = await filler(
    cases.map(({ masked }) => masked),
    { topK: 2 },
  );
  const last = found.map((masks) => masks.at(-1)?.fillings.map(({ id, text, score }) => ({ id, text, score })));
  expect(last).toEqual(cases.map(({ fillings }) => scored(fillings)));
});

test("labels of texts", async () => {
  await using classifier = await classifyText(at("sequence-classification"));
  const found = await classifier(texts);
  expect(found.map(({ labels }) => Object.fromEntries(labels.map(({ label, score }) => [label, score])))).toEqual(
    cases.map(({ labels }) => Object.fromEntries(Object.entries(labels).map(([label, score]) => [label, close(score)]))),
  );
});

test("labels of tokens", async () => {
  await using classifier = await classifyTokens(at("token-classification"));
  const found = await classifier(texts, { aggregation: "simple", ignoreLabels: [] });
  expect(found.map((entities) => entities.map(({ label, start, end, score }) => ({ label, start, end, score })))).toEqual(
    cases.map(({ entities }) => scored(entities)),
  );
});

test("vectors", async () => {
  await using embedder = await embedText(at("question-answering"));
  const found = await embedder(texts);
  expect(found.map((vector) => Array.from(vector))).toEqual(cases.map(({ mean }) => mean.map(close)));
});

test("answers, with the text as the document and as the question", async () => {
  await using answerer = await questionAnswering(at("question-answering"));
  const options = { windowTokens: 384, strideTokens: 128, maxAnswerTokens: 15, overlapping: true, topK: 2 };
  const inputs = cases.flatMap(({ text }) => [
    { question, context: text },
    { question: text, context },
  ]);
  const found = await answerer(inputs, options);
  expect(
    found.map(({ answers }) => answers.map(({ start, end, answer, transformersScore: score }) => ({ start, end, answer, score }))),
  ).toEqual(cases.flatMap(({ asDocument, asQuestion }) => [scored(asDocument), scored(asQuestion)]));
});
