import { describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { memoryFileSet, openCheckpoint } from "@longspan/core";
import { referenceRuntime } from "@longspan/core/runtime";
import { directoryFileSet } from "@longspan/core/node";
import {
  classifyText,
  embedText,
  fillMask,
  loadTokenizer,
  questionAnswering,
  type PipelineOptions,
  type TextTokenizer,
} from "@longspan/pipelines";
import { pathOf, readRecorded } from "./recorded.ts";

const adapters = [torch()];
const runtime = referenceRuntime();
const model = pathOf("question-answering");
const given: PipelineOptions = { model, adapters, runtime };
const config: object = readRecorded("question-answering/config.json");
const question = "Who kept the lamp?";
const context = "Anna Holm kept the lamp burning.";

function refusal(code: string, ...says: readonly string[]): unknown {
  return expect.objectContaining({ code, message: expect.stringMatching(new RegExp(says.join(".*"), "s")) });
}

describe("opening", () => {
  test("a head the checkpoint does not have", async () => {
    await expect(fillMask(given)).rejects.toThrowError(refusal("head-unknown", "question-answering", "masked-lm", "questionAnswering"));
    await expect(classifyText({ ...given, head: "masked-lm" })).rejects.toThrowError(
      refusal("argument-invalid", "sequence-classification"),
    );
  });

  test("no model, no tokenizer, no adapters", async () => {
    await expect(questionAnswering({ ...given, model: "./nowhere" })).rejects.toThrowError(refusal("not-found", "nowhere"));
    await expect(questionAnswering({ ...given, tokenizer: memoryFileSet("an empty folder", {}) })).rejects.toThrowError(
      refusal("not-found", "an empty folder", "option tokenizer"),
    );
    await expect(questionAnswering({ model, runtime })).rejects.toThrowError(refusal("adapter-invalid"));
  });

  test("a tokenizer with ids beyond the vocabulary", async () => {
    const tiny = { ...given, model: pathOf("../huggingface/question-answering"), tokenizer: pathOf("byte-level") };
    await expect(questionAnswering(tiny)).rejects.toThrowError(refusal("id-out-of-range", "419", "<mask>", "59", "option tokenizer"));
    // A mask that the tokenizer has by its role alone matters to what fills masks.
    const folder = pathOf("masked-lm");
    const own: TextTokenizer = { ...(await loadTokenizer(directoryFileSet(pathOf("byte-level")))), maxId: 10 };
    const beyond: TextTokenizer = {
      ...own,
      special: { ...own.special, mask: 5000 },
      tokenOf: (id) => (id === 5000 ? "<mask>" : own.tokenOf(id)),
    };
    const options = { ...given, model: folder, tokenizer: beyond };
    await expect(fillMask(options)).rejects.toThrowError(refusal("id-out-of-range", "<mask> the id 5000", "option tokenizer"));
    await using embedder = await embedText(options);
    expect((await embedder("the lamp")).length).toBeGreaterThan(0);
  });

  test("a separator other than the policy's, or none", async () => {
    await expect(questionAnswering({ ...given, config: { ...config, sep_token_id: 102 } })).rejects.toThrowError(
      refusal("separators-mismatch", "102", "sep_token_id", "is 2"),
    );
    const without: TextTokenizer = {
      name: "a tokenizer of my own",
      maxId: 10,
      special: { classification: 0, separator: undefined, mask: undefined, maskTakesSpace: false },
      secondTypeId: 0,
      encode: () => ({ ids: new Int32Array(), starts: new Int32Array(), ends: new Int32Array(), words: new Int32Array() }),
      tokenOf: () => undefined,
      decode: () => "",
    };
    await expect(questionAnswering({ ...given, tokenizer: without })).rejects.toThrowError(
      refusal("separators-mismatch", "a tokenizer of my own", "no separator"),
    );
    await expect(
      fillMask({ ...given, model: pathOf("masked-lm"), tokenizer: { ...without, special: { ...without.special, separator: 2 } } }),
    ).rejects.toThrowError(refusal("inputs-invalid", "no mask token"));
  });

  test("an aborted signal", async () => {
    await expect(questionAnswering({ ...given, signal: AbortSignal.abort() })).rejects.toThrowError(refusal("aborted"));
  });
});

describe("asking", () => {
  test("an empty or missing question or document", async () => {
    await using answerer = await questionAnswering(given);
    await expect(answerer({ question: " ", context })).rejects.toThrowError(refusal("inputs-invalid", "question is empty"));
    await expect(answerer({ question, context: "\n" })).rejects.toThrowError(refusal("inputs-invalid", "context is empty"));
    await expect(answerer([{ question, context }, JSON.parse(`{"question":"?"}`)])).rejects.toThrowError(
      refusal("inputs-invalid", "context is missing"),
    );
    expect(await answerer([])).toEqual([]);
  });

  test("a question that leaves no room, options that are none", async () => {
    await using answerer = await questionAnswering(given);
    await expect(answerer({ question: "Who? ".repeat(400), context })).rejects.toThrowError(
      refusal("sequence-too-long", "question", "400"),
    );
    await expect(answerer({ question, context }, { topK: 0 })).rejects.toThrowError(refusal("argument-invalid", "topK"));
    await expect(answerer({ question, context }, { maxAnswerTokens: 1.5 })).rejects.toThrowError(
      refusal("argument-invalid", "maxAnswerTokens"),
    );
    await expect(answerer({ question, context }, { batchSize: -1 })).rejects.toThrowError(refusal("argument-invalid", "batchSize"));
    await expect(answerer({ question, context }, { windowTokens: 401 })).rejects.toThrowError(refusal("argument-invalid", "400"));
  });

  test("a text without a mask", async () => {
    await using filler = await fillMask({ ...given, model: pathOf("masked-lm"), tokenizer: pathOf("byte-level") });
    await expect(filler("no mask here")).rejects.toThrowError(refusal("inputs-invalid", "no <mask>"));
  });

  test("a signal aborts between windows; a disposed answerer is closed", async () => {
    const answerer = await questionAnswering(given);
    const abort = new AbortController();
    const long = context.repeat(30);
    const asked = answerer({ question, context: long }, { windowTokens: 60, signal: abort.signal, onProgress: () => abort.abort() });
    await expect(asked).rejects.toThrowError(refusal("aborted"));
    await answerer.dispose();
    await answerer.dispose();
    await expect(answerer({ question, context })).rejects.toThrowError(refusal("closed"));
  });
});

describe("where a model may come from", () => {
  test("an open checkpoint stays the caller's", async () => {
    await using checkpoint = await openCheckpoint({ files: directoryFileSet(model) }, { adapters });
    for (const make of [questionAnswering, embedText]) {
      const pipeline = await make({ model: checkpoint, runtime });
      expect([pipeline.runtime, pipeline.device, pipeline.model]).toEqual(["reference", expect.any(String), checkpoint.name]);
      await pipeline.dispose();
    }
  });

  test("files, a file with its configuration and tokenizer, a file URL", async () => {
    const folder = directoryFileSet(model);
    const file = async (name: string): Promise<File> => {
      const source = await folder.resolve(name);
      if (source === undefined) throw new Error(name);
      const bytes = await source.read(0, source.size);
      await source.close();
      return new File([bytes.slice()], name);
    };
    const weights = await file("model.safetensors");
    const tokenizer = [await file("tokenizer.json"), await file("tokenizer_config.json")];
    const models: PipelineOptions[] = [
      given,
      { ...given, model: [weights, await file("config.json"), ...tokenizer] },
      { ...given, model: weights, config, tokenizer },
      { ...given, model: new URL(`file://${model}/model.safetensors`) },
      { ...given, model: folder },
    ];
    const answers = new Set<string>();
    for (const options of models) {
      await using answerer = await questionAnswering(options);
      answers.add(JSON.stringify(await answerer({ question, context })));
    }
    expect(answers.size).toBe(1);
  });
});

test("two separators in the configuration join as allenai does, and separators in a document harm nothing", async () => {
  await using three = await questionAnswering(given);
  await using two = await questionAnswering({ ...given, config: { ...config, longspan: { questionAnsweringSeparators: 2 } } });
  const document = `${context} </s></s> <s> ${context}`;
  const [a, b] = [await three({ question, context: document }), await two({ question, context: document })];
  expect(document.slice(a.start, a.end)).toBe(a.answer);
  expect(a.score).not.toBeCloseTo(b.score, 9);
});
