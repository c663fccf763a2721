import { describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { classifyText, classifyTokens, embedText, fillMask, type LabelScore, type PipelineOptions } from "@longspan/pipelines";
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
    const long = await classifier("the lamp was dark. ".repeat(200));
    expect(long.unreadTokens).toBeGreaterThan(100);
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
