import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AutoModelForQuestionAnswering, AutoTokenizer, env, pipeline } from "@huggingface/transformers";
import { lightning } from "@longspan/adapter-lightning";
import { torch } from "@longspan/adapter-torch";
import { createConverter } from "@longspan/core";
import { directorySink, pathInput } from "@longspan/core/node";
import { questionAnswering } from "@longspan/pipelines";
import { ort } from "@longspan/runtime-ort";
import { onnx } from "@longspan/runtime-ort/onnx";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathOf, readRecorded } from "../pipelines/recorded.ts";
import { writeForTransformersJs } from "./converted.ts";

/** What Hugging Face's pipelines gave for the same models and texts. */
const recorded = readRecorded<{
  readonly fillMask: readonly { readonly text: string; readonly masks: readonly (readonly { id: number; score: number }[])[] }[];
  readonly classifyText: readonly {
    readonly problemType: string;
    readonly text: string;
    readonly labels: readonly { label: string; score: number }[];
  }[];
  readonly classifyTokens: readonly {
    readonly text: string;
    readonly aggregation: string;
    readonly ignoreLabels: readonly string[];
    readonly entities: readonly { label: string; score: number }[];
  }[];
  readonly embedText: readonly { readonly text: string; readonly mean: readonly number[]; readonly cls: readonly number[] }[];
}>("other-pipelines.json");

const close = 5e-5;
const trainedFolder = fileURLToPath(new URL("../../examples/train-lightning-qa/model/", import.meta.url));
const trained = join(trainedFolder, "longformer-qa.ckpt");
const document = readFileSync(join(trainedFolder, "document.txt"), "utf8");
const questions = JSON.parse(readFileSync(join(trainedFolder, "questions.json"), "utf8")) as readonly [Question, ...Question[]];

interface Question {
  readonly question: string;
  readonly answer: string;
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
}

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "longspan-transformers-js-"));
  env.allowRemoteModels = false;
  env.localModelPath = folder;
  const tokenizer = pathOf("byte-level");
  for (const model of ["masked-lm", "sequence-classification", "token-classification"])
    await writeForTransformersJs(pathOf(model), join(folder, model), { tokenizer });
  await writeForTransformersJs(pathOf("question-answering"), join(folder, "model"), { tokenizer, head: "model" });
  await writeForTransformersJs(trained, join(folder, "trained"));
  await writeForTransformersJs(trained, join(folder, "trained-half"), { dataType: "float16" });
  await writeForTransformersJs(trained, join(folder, "trained-q8"), { quantize: "q8" });
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("transformers.js runs what was written for it, unchanged", () => {
  test("fill-mask", async () => {
    const fill = await pipeline("fill-mask", "masked-lm");
    for (const { text, masks } of recorded.fillMask.filter(({ masks: found }) => found.length === 1)) {
      const found = (await fill(text, { top_k: masks[0]?.length ?? 1 })) as { token: number; score: number }[];
      expect(found.map(({ token }) => token)).toEqual(masks[0]?.map(({ id }) => id));
      for (const [index, { score }] of (masks[0] ?? []).entries()) expect(Math.abs((found[index]?.score ?? 0) - score)).toBeLessThan(close);
    }
    await fill.dispose();
  });

  test("text-classification", async () => {
    const classify = await pipeline("text-classification", "sequence-classification");
    for (const { text, labels } of recorded.classifyText.filter(({ problemType }) => problemType === "single_label_classification")) {
      const found = (await classify(text, { top_k: labels.length })) as { label: string; score: number }[];
      expect(found.map(({ label }) => label)).toEqual(labels.map(({ label }) => label));
      for (const [index, { score }] of labels.entries()) expect(Math.abs((found[index]?.score ?? 0) - score)).toBeLessThan(close);
    }
    await classify.dispose();
  });

  test("token-classification", async () => {
    const classify = await pipeline("token-classification", "token-classification");
    for (const { text, entities, ignoreLabels } of recorded.classifyTokens.filter(({ aggregation }) => aggregation === "none")) {
      const found = (await classify(text, { ignore_labels: [...ignoreLabels] })) as { entity: string; score: number }[];
      expect(found.map(({ entity }) => entity)).toEqual(entities.map(({ label }) => label));
      for (const [index, { score }] of entities.entries()) expect(Math.abs((found[index]?.score ?? 0) - score)).toBeLessThan(close);
    }
    await classify.dispose();
  });

  test.each(["mean", "cls"] as const)("feature-extraction, pooled by %s", async (pooling) => {
    const extract = await pipeline("feature-extraction", "model");
    for (const { text, ...vectors } of recorded.embedText) {
      const found = await extract(text, { pooling });
      expect(maxDifference(found.data as Float32Array, vectors[pooling])).toBeLessThan(close);
    }
    await extract.dispose();
  });

  // Its pipeline makes a list of all pairs of tokens: some thousand tokens are more than it can hold.
  const excerpt = document.slice(questions[0].start - 1000, questions[0].end + 1500);

  test.each(["trained", "trained-half", "trained-q8"])("question-answering: %s, in the type that its folder says", async (name) => {
    const ask = await pipeline("question-answering", name);
    const found = (await ask(questions[0].question, excerpt)) as { answer: string; score: number };
    expect({ answer: found.answer.trim(), sure: found.score > 0.9 }).toEqual({ answer: questions[0].answer, sure: true });
    await ask.dispose();
  });

  test("texts of 4,000 tokens: the logits of our own runtime, and the right place", async () => {
    const tokenizer = await AutoTokenizer.from_pretrained("trained");
    const model = await AutoModelForQuestionAnswering.from_pretrained("trained");
    await using answerer = await questionAnswering({ model: trained, adapters: [torch(), lightning()], runtime: ort() });
    for (const { question, answer, tokens } of questions) {
      const inputs = tokenizer(question, { text_pair: document, truncation: true });
      const ids = [...(inputs.input_ids.data as BigInt64Array)].map(Number);
      expect(ids.length).toBe(tokens);
      const { start_logits: starts, end_logits: ends } = await model(inputs);
      const separator = ids.indexOf(2);
      const [start, end] = [starts, ends].map((logits) => argmax(logits.data as Float32Array, separator + 1));
      expect(tokenizer.decode(ids.slice(start, (end ?? 0) + 1), { skip_special_tokens: true }).trim()).toBe(answer);
      expect((await answerer({ question, context: document })).answer).toBe(answer);
    }
    await model.dispose();
  });
});

describe("such a folder is a checkpoint", () => {
  const converter = createConverter({ adapters: [torch(), lightning(), onnx()] });

  test.each(["trained", "trained-half"])("%s: the true configuration, and the values it was written with", async (name) => {
    const source = await converter.open(await pathInput(trained));
    const written = await converter.open(await pathInput(join(folder, name)));
    expect({ head: written.head, problem: written.problem, type: written.config?.source.model_type }).toEqual({
      head: "question-answering",
      problem: undefined,
      type: "longformer",
    });
    const { equal, maxAbsoluteDifference } = await converter.verify(source, written);
    expect(name === "trained" ? equal : maxAbsoluteDifference < 0.01).toBe(true);
    await Promise.all([source.close(), written.close()]);
  });

  test("and becomes a Hugging Face folder again, tokenizer and all", async () => {
    const written = await converter.open(await pathInput(join(folder, "trained")));
    const back = join(folder, "back");
    await converter.convert(converter.plan(written, { target: "hf" }), { sink: await directorySink(back) });
    const config = JSON.parse(await readFile(join(back, "config.json"), "utf8")) as Record<string, unknown>;
    expect([config.model_type, config.architectures]).toEqual(["longformer", ["LongformerForQuestionAnswering"]]);
    expect(await readdir(back)).toEqual(expect.arrayContaining(["model.safetensors", "tokenizer.json", "vocab.json"]));
    await written.close();
  });
});

function maxDifference(found: Float32Array, wanted: readonly number[]): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY;
  return wanted.reduce((most, value, index) => Math.max(most, Math.abs(value - (found[index] ?? Number.NaN))), 0);
}

function argmax(values: Float32Array, from: number): number {
  let place = from;
  for (let index = from; index < values.length; index++) if ((values[index] ?? 0) > (values[place] ?? 0)) place = index;
  return place;
}
