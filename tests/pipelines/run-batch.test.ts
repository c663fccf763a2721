import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { LongspanError } from "@longspan/core";
import { referenceRuntime, type Runtime } from "@longspan/core/runtime";
import {
  classifyText,
  classifyTokens,
  embedText,
  fillMask,
  questionAnswering,
  runBatch,
  type Batchable,
  type BatchOutcome,
  type BatchProgress,
  type PipelineOptions,
  type QuestionAnswerer,
  type TextClassifier,
} from "@longspan/pipelines";
import { pathOf } from "./recorded.ts";

function at(model: string, runtime: Runtime = referenceRuntime()): PipelineOptions {
  return { model: pathOf(model), adapters: [torch()], runtime, tokenizer: pathOf("byte-level") };
}

const words = (count: number): string =>
  "the lamp was dark and a dog read on "
    .repeat(count)
    .slice(0, count * 5)
    .trim();
/** Of lengths that mix, some of several windows. */
const texts = [3, 200, 7, 1, 40, 9, 300, 2, 8, 12, 5, 6, 11, 4, 10].map((count) => words(count));
const question = "Who kept the lamp?";

let classifier: TextClassifier;
let answerer: QuestionAnswerer;
beforeAll(async () => {
  classifier = await classifyText(at("sequence-classification"));
  answerer = await questionAnswering(at("question-answering"));
});
afterAll(async () => {
  await classifier.dispose();
  await answerer.dispose();
});

async function all<Item, Result>(outcomes: AsyncIterable<BatchOutcome<Item, Result>>): Promise<BatchOutcome<Item, Result>[]> {
  const found: BatchOutcome<Item, Result>[] = [];
  for await (const outcome of outcomes) found.push(outcome);
  return found;
}

/** Values as they are, numbers to six digits: sums over a batch may end in another last bit. */
function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === "number" && !Number.isInteger(part) ? Number(part.toPrecision(5)) : part)),
  );
}

async function expectAsCalled<Input, Options, Result>(
  pipeline: Batchable<Input, Options, Result> & ((input: Input) => Promise<Result>),
  inputs: readonly Input[],
): Promise<void> {
  const outcomes = await all(
    runBatch(
      pipeline,
      inputs.map((input) => ({ input })),
    ),
  );
  expect(outcomes.map(({ index }) => index)).toEqual([...inputs.keys()]);
  for (const [index, input] of inputs.entries()) {
    expect(outcomes[index]?.error).toBeUndefined();
    expect(rounded(outcomes[index]?.result)).toEqual(rounded(await pipeline(input)));
  }
}

describe("the results of single calls, in their order", () => {
  test("questionAnswering, of documents of several windows", async () => {
    await expectAsCalled(
      answerer,
      texts.map((context) => ({ question, context })),
    );
  });

  test("classifyText, classifyTokens, fillMask, embedText", async () => {
    await expectAsCalled(classifier, texts);
    await using tokens = await classifyTokens(at("token-classification"));
    await expectAsCalled(tokens, texts);
    await using filler = await fillMask(at("masked-lm"));
    await expectAsCalled(
      filler,
      texts.map((text, index) => (index % 2 === 0 ? `<mask> ${text}` : `<mask> ${text} <mask>`)),
    );
    await using embedder = await embedText(at("question-answering"));
    await expectAsCalled(embedder, texts);
  });
});

test("what a batch gave is given back to the runtime when nobody needs it, which may take all its memory", async () => {
  const reference = referenceRuntime();
  const taken: number[] = [];
  const greedy: Runtime = {
    ...reference,
    prepare: async (graph, weights, options) => {
      const session = await reference.prepare(graph, weights, options);
      return {
        ...session,
        run: (inputs, runOptions) => {
          for (const { data } of Object.values(runOptions?.reuse ?? {})) {
            taken.push(data.length);
            structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
          }
          return session.run(inputs, runOptions);
        },
      };
    },
  };
  await using taker = await questionAnswering(at("question-answering", greedy));
  await expectAsCalled(
    taker,
    texts.map((context) => ({ question, context })),
  );
  expect(taken.length).toBeGreaterThan(20);
  expect(taken.every((length) => length > 0)).toBe(true);
});

test("batches by length: the windows of several items together, little padding", async () => {
  let last: BatchProgress | undefined;
  const items = Array.from({ length: 200 }, (_, index) => ({ input: words(1 + ((index * 7) % 12)) }));
  await all(runBatch(classifier, items, { onBatch: (progress) => (last = progress) }));
  expect(last).toMatchObject({ items: 200, errors: 0, windows: 200 });
  const { batches = 0, tokens = 0, paddingTokens = 0 } = last ?? {};
  expect(batches).toBeLessThan(100);
  expect(paddingTokens / (tokens + paddingTokens)).toBeLessThanOrEqual(0.1);
});

test("an item that fails holds up no other; it brings its own fields, options and reading", async () => {
  const gone = new LongspanError("not-found", "There is no such file.");
  const items = [
    { id: "a", input: texts[0] ?? "" },
    { id: "empty", input: " " },
    {
      id: "unreadable",
      input: async (): Promise<string> => {
        throw gone;
      },
    },
    { id: "option", input: texts[2] ?? "", options: { scores: "loud" as "none" } },
    { id: "own option", input: async () => texts[3] ?? "", options: { scores: "none" as const } },
    { id: "z", input: () => texts[4] ?? "" },
  ];
  for (const unordered of [false, true]) {
    const found = await all(runBatch(classifier, items, { unordered }));
    const byId = new Map(found.map((outcome) => [outcome.item.id, outcome]));
    if (!unordered) expect(found.map(({ item }) => item.id)).toEqual(items.map(({ id }) => id));
    expect(byId.get("empty")?.error).toMatchObject({ code: "inputs-invalid" });
    expect(byId.get("unreadable")?.error).toBe(gone);
    expect(byId.get("option")?.error).toMatchObject({ code: "argument-invalid" });
    expect(rounded(byId.get("own option")?.result)).toEqual(rounded(await classifier(texts[3] ?? "", { scores: "none" })));
    expect(rounded(byId.get("z")?.result)).toEqual(rounded(await classifier(texts[4] ?? "")));
  }
});

test("options that are wrong for all are told at once", async () => {
  const run = async (given: object): Promise<unknown> => all(runBatch(classifier, [{ input: "x" }], given));
  await expect(run({ options: { scores: "loud" } })).rejects.toMatchObject({ code: "argument-invalid" });
  await expect(run({ batchSize: 0 })).rejects.toThrow("batchSize is 0");
  await expect(run({ padding: 1 })).rejects.toThrow("padding is 1");
  await expect(run({ readAhead: 1.5 })).rejects.toThrow("readAhead is 1.5");
  await expect(run({ patience: -1 })).rejects.toThrow("patience is -1");
});

test("10,000 items: never more on their way than readAhead, however slowly outcomes are taken", async () => {
  let [made, taken, most] = [0, 0, 0];
  async function* items(): AsyncGenerator<{ input: string }> {
    for (; made < 10_000; made++) {
      most = Math.max(most, made - taken);
      yield { input: "a lamp" };
    }
  }
  for await (const { index } of runBatch(classifier, items(), { readAhead: 32 })) {
    expect(index).toBe(taken++);
    if (taken % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(taken).toBe(10_000);
  // And the one that is read ahead.
  expect(most).toBeLessThanOrEqual(33);
});

test("a stream that waits for an outcome before it gives the next item", async () => {
  const answered: number[] = [];
  async function* items(): AsyncGenerator<{ input: string }> {
    for (let item = 0; item < 5; item++) {
      yield { input: texts[item] ?? "" };
      while (answered.length <= item) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  for await (const { index } of runBatch(classifier, items())) answered.push(index);
  expect(answered).toEqual([0, 1, 2, 3, 4]);
});

test("a stream that fails: what came before is answered first", async () => {
  async function* items(): AsyncGenerator<{ input: string }> {
    yield { input: texts[0] ?? "" };
    yield { input: texts[1] ?? "" };
    throw new Error("the disk is gone");
  }
  const found: number[] = [];
  await expect(async () => {
    for await (const { index } of runBatch(classifier, items())) found.push(index);
  }).rejects.toThrow("the disk is gone");
  expect(found).toEqual([0, 1]);
});

test("a signal, and who leaves early, end it and the stream; a pipeline waits for it when it is disposed", async () => {
  let closed = 0;
  async function* endless(): AsyncGenerator<{ input: string }> {
    try {
      for (;;) yield { input: texts[0] ?? "" };
    } finally {
      closed++;
    }
  }
  const own = await classifyText(at("sequence-classification"));
  const abort = new AbortController();
  await expect(async () => {
    for await (const { index } of runBatch(own, endless(), { signal: abort.signal })) if (index === 3) abort.abort();
  }).rejects.toMatchObject({ code: "aborted" });
  // A stream that never gives anything is not waited for.
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const later = new AbortController();
  setTimeout(() => later.abort(), 5);
  await expect(all(runBatch(own, silent, { signal: later.signal }))).rejects.toMatchObject({ code: "aborted" });
  let disposed: Promise<void> | undefined;
  let left = false;
  for await (const { index } of runBatch(own, endless())) {
    disposed ??= own.dispose().then(() => expect(left).toBe(true));
    if (index === 5) {
      left = true;
      break;
    }
  }
  await disposed;
  expect(closed).toBe(2);
  await expect(all(runBatch(own, [{ input: "x" }]))).rejects.toMatchObject({ code: "closed" });
});

test("a source that waits is told at once that no more is wanted; one that cannot be closed keeps nobody from disposing", async () => {
  const own = await classifyText(at("sequence-classification"));
  let told = 0;
  const waiting = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => {
        told++;
        return new Promise<never>(() => {});
      },
    }),
  };
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 5);
  await expect(all(runBatch(own, waiting, { signal: abort.signal }))).rejects.toMatchObject({ code: "aborted" });
  expect(told).toBe(1);
  async function* broken(): AsyncGenerator<{ input: string }> {
    try {
      for (;;) yield { input: "a" };
    } finally {
      // eslint-disable-next-line no-unsafe-finally -- a source that fails when it is closed
      throw new Error("it cannot be closed");
    }
  }
  await expect(async () => {
    for await (const _ of runBatch(own, broken())) break;
  }).rejects.toThrow("it cannot be closed");
  await own.dispose();
});

test("what a listener throws ends the batch, and is no item's error", async () => {
  const outcomes: unknown[] = [];
  await expect(async () => {
    const onProgress = (): void => {
      throw new Error("from the listener");
    };
    for await (const outcome of runBatch(classifier, [{ input: "a" }, { input: "b" }], { onProgress })) outcomes.push(outcome);
  }).rejects.toThrow("from the listener");
  expect(outcomes).toEqual([]);
});

test("a batch that fails is run in halves: those that can be answered are", async () => {
  const reference = referenceRuntime();
  const long = "the lamp was dark and a dog read on";
  let longest = 0;
  const failing: Runtime = {
    ...reference,
    async prepare(...words) {
      const session = await reference.prepare(...words);
      const run: typeof session.run = async (inputs, options) => {
        // More than two rows are too many, and so are rows of the longest text.
        const [rows = 0, tokens] = inputs.input_ids?.shape ?? [];
        if (rows > 2 || tokens === longest) throw new LongspanError("out-of-memory", "Too much.");
        return session.run(inputs, options);
      };
      return { ...session, run };
    },
  };
  const inputs = ["lamp", "the lamp", "a dog", "the dog", "dark", "was dark", long, "read on"];
  await all(
    runBatch(classifier, [{ input: long }], {
      onBatch: ({ tokens }) => {
        longest = tokens;
      },
    }),
  );
  await using own = await classifyText(at("sequence-classification", failing));
  const items = inputs.map((input) => ({ input }));
  const found = await all(runBatch(own, items, { batchSize: 8, padding: 0.9 }));
  expect(found.filter(({ error }) => error !== undefined).map(({ item }) => item.input)).toEqual([long]);
  for (const { item, result, error } of found) {
    if (error === undefined) expect(rounded(result)).toEqual(rounded(await classifier(item.input)));
    else expect(error).toMatchObject({ code: "out-of-memory" });
  }
});
