import { describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { classifyText, classifyTokens, embedChunks, embedText, fillMask, type LabelScore, type PipelineOptions } from "@longspan/pipelines";
import { pathOf, readRecorded } from "./recorded.ts";

interface Recorded {
  readonly fillMask: readonly {
    readonly text: string;
    readonly masks: readonly (readonly { readonly id: number; readonly text: string; readonly score: number }[])[];
    readonly sequences: readonly string[] | null;
  }[];
  readonly classifyText: readonly { readonly problemType: string | null; readonly text: string; readonly labels: readonly LabelScore[] }[];
  readonly classifyTokens: readonly {
    readonly text: string;
    readonly aggregation: "none" | "simple";
    readonly ignoreLabels: readonly string[];
    readonly entities: readonly { readonly label: string; readonly score: number; readonly start: number; readonly end: number }[];
  }[];
  readonly embedText: readonly { readonly text: string; readonly mean: readonly number[]; readonly cls: readonly number[] }[];
}

const recorded = readRecorded<Recorded>("other-pipelines.json");
const close = (value: number): unknown => expect.closeTo(value, 5);

function at(model: string): PipelineOptions {
  return { model: pathOf(model), adapters: [torch()], runtime: referenceRuntime(), tokenizer: pathOf("byte-level") };
}

test("fill-mask: tokens, scores and filled texts of transformers' pipeline", async () => {
  await using filler = await fillMask(at("masked-lm"));
  expect(filler.mask).toBe("<mask>");
  for (const { text, masks, sequences } of recorded.fillMask) {
    const result = await filler(text, { topK: 4 });
    const found = result.map(({ fillings }) => fillings.map(({ id, text: word, score }) => ({ id, text: word, score })));
    expect(found).toEqual(masks.map((mask) => mask.map((filling) => ({ ...filling, score: close(filling.score) }))));
    if (sequences !== null) expect(result[0]?.fillings.map(({ filled }) => filled)).toEqual(sequences);
  }
  const all = await filler(
    recorded.fillMask.map(({ text }) => text),
    { topK: 1, batchSize: 3 },
  );
  expect(all.map((masks) => masks.map(({ fillings }) => fillings[0]?.id))).toEqual(
    recorded.fillMask.map(({ masks }) => masks.map(([best]) => best?.id)),
  );
});

test("a pipeline tells where the time of its last run went, where that was asked for", async () => {
  await using filler = await fillMask({ ...at("masked-lm"), profile: true });
  expect(filler.profile?.()).toBeUndefined();
  await filler("the <mask> sat.");
  const profile = filler.profile?.();
  expect(profile?.device).toBe(filler.device);
  expect(profile?.steps.map(({ kernel }) => kernel)).toContain("longformerAttention");
  await using without = await fillMask(at("masked-lm"));
  expect(without.profile).toBeUndefined();
});

test("fill-mask: masks of a text longer than the model", async () => {
  await using filler = await fillMask(at("masked-lm"));
  const text = `<mask> ${"the lamp was dark. ".repeat(200)}<mask>`;
  const result = await filler(text, { topK: 2 });
  expect(result.map(({ start, end }) => text.slice(start, end))).toEqual(["<mask>", "<mask>"]);
  expect(result.every(({ fillings }) => fillings.length === 2)).toBe(true);
});

describe("text classification: labels and scores of transformers' pipeline", () => {
  test.each([...new Set(recorded.classifyText.map(({ problemType }) => problemType))])("%s", async (problemType) => {
    const config: object = readRecorded("sequence-classification/config.json");
    await using classifier = await classifyText({ ...at("sequence-classification"), config: { ...config, problem_type: problemType } });
    for (const { text, labels } of recorded.classifyText.filter((one) => one.problemType === problemType)) {
      const result = await classifier(text);
      expect(result.labels).toEqual(labels.map(({ label, score }) => ({ label, score: close(score) })));
      expect(result).toMatchObject({ label: labels[0]?.label, unreadTokens: 0 });
    }
    const long = await classifier("the lamp was dark. ".repeat(200), { windowScores: "first" });
    expect(long.windows).toBe(1);
    expect(long.unreadTokens).toBeGreaterThan(100);
  });
});

describe("text classification: a text longer than the model", () => {
  const text = `${"the lamp was dark. ".repeat(40)}Anna Holm read a book near the door.`;

  test("is read to its end, in windows of which the mean or the largest scores count", async () => {
    await using classifier = await classifyText(at("sequence-classification"));
    const options = { windowTokens: 40, strideTokens: 4 };
    const scoresOf = ({ labels }: { readonly labels: readonly LabelScore[] }): readonly number[] =>
      labels.toSorted((a, b) => (a.label < b.label ? -1 : 1)).map(({ score }) => score);
    const mean = await classifier(text, options);
    expect(mean.unreadTokens).toBe(0);
    expect(mean.windows).toBeGreaterThan(3);
    expect(scoresOf(mean).reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 6);
    const first = await classifier(text, { ...options, windowScores: "first" });
    const most = await classifier(text, { ...options, windowScores: "max" });
    expect(first).toMatchObject({ windows: 1 });
    for (const [index, score] of scoresOf(most).entries()) {
      expect(score).toBeGreaterThanOrEqual(scoresOf(first)[index] ?? 1);
      expect(score).toBeGreaterThanOrEqual(scoresOf(mean)[index] ?? 1);
    }
    // Of two equal windows, either's scores.
    const half = "the lamp was dark. ";
    const one = await classifier(half.repeat(4), { windowScores: "first" });
    expect(scoresOf(await classifier(half.repeat(4)))).toEqual(scoresOf(one));
  });

  test("a way that is none", async () => {
    await using classifier = await classifyText(at("sequence-classification"));
    const windowScores: never = "median" as never;
    await expect(classifier(text, { windowScores })).rejects.toMatchObject({
      code: "argument-invalid",
      message: 'windowScores is "median"; it is one of mean, max, first.',
    });
  });
});

test("token classification: labels, places and groups of transformers' pipeline", async () => {
  await using classifier = await classifyTokens(at("token-classification"));
  for (const { text, entities, ...options } of recorded.classifyTokens) {
    const result = await classifier(text, options);
    expect(result).toEqual(
      entities.map((entity) => ({ ...entity, score: close(entity.score), text: text.slice(entity.start, entity.end) })),
    );
  }
});

test("token classification: every token of a long text once, in order", async () => {
  await using classifier = await classifyTokens(at("token-classification"));
  const text = "Anna Holm kept the lamp. ".repeat(8);
  const whole = await classifier(text, { ignoreLabels: [] });
  const cut = await classifier(text, { ignoreLabels: [], windowTokens: 30, strideTokens: 9 });
  expect(cut.map(({ start, end }) => [start, end])).toEqual(whole.map(({ start, end }) => [start, end]));
});

test("embeddings: means and first tokens' vectors of transformers, by the trunk of a model with a head", async () => {
  await using embedder = await embedText(at("question-answering"));
  for (const { text, mean, cls } of recorded.embedText) {
    expect([...(await embedder(text))]).toEqual(mean.map(close));
    expect([...(await embedder(text, { pooling: "cls" }))]).toEqual(cls.map(close));
  }
  const vectors = await embedder(
    recorded.embedText.map(({ text }) => text),
    { batchSize: 4, normalize: true },
  );
  for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
  const long = await embedder("the lamp was dark. ".repeat(200));
  expect(long.length).toBe(16);
});

test("embeddings of chunks: each is that of its piece of the text alone; together they are all of it", async () => {
  const text = `  ${"The lamp was dark, and Anna Holm read. ".repeat(30)}Łódź-under-the-very-long-lighthouse-tower.\n`;
  await using embedder = await embedText(at("question-answering"));
  await using chunker = await embedChunks(at("question-answering"));
  for (const options of [{ windowTokens: 24 }, { windowTokens: 24, strideTokens: 6, normalize: true }, {}]) {
    const chunks = await chunker(text, options);
    const pieces = chunks.map(({ start, end }) => text.slice(start, end));
    const { windowTokens, strideTokens, ...pooling } = options;
    const vectors = await embedder(pieces, pooling);
    expect(chunks.map(({ vector }) => vector)).toEqual(vectors);
    expect(chunks.length).toBeGreaterThan(windowTokens === undefined ? 0 : 10);
    let read = 0;
    for (const [index, { start, end }] of chunks.entries()) {
      const before = chunks[index - 1]?.end ?? 0;
      expect(text.slice(before, Math.max(before, start)).trim()).toBe("");
      if (strideTokens !== undefined && index > 0) expect(start).toBeLessThan(before);
      // No word is cut but the one that is longer than a chunk.
      if (!/-/.test(text.slice(Math.max(0, end - 30), end + 30)))
        expect(/\w$/.test(text.slice(0, end)) && /^\w/.test(text.slice(end))).toBe(false);
      read = end;
    }
    expect(text.slice(read).trim()).toBe("");
  }
  await expect(chunker(text, { windowTokens: 2 })).rejects.toMatchObject({ code: "sequence-too-long" });
  await expect(chunker(" ")).rejects.toMatchObject({ code: "inputs-invalid" });
});
