import { expect, test } from "vitest";
import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import {
  classifyText,
  classifyTokens,
  embedText,
  fillMask,
  questionAnswering,
  type PipelineHandle,
  type PipelineOptions,
  type RunOptions,
} from "@longspan/pipelines";
import { pathOf } from "./recorded.ts";

function at(model: string): PipelineOptions {
  return { model: pathOf(model), adapters: [torch()], runtime: referenceRuntime(), tokenizer: pathOf("byte-level") };
}

const long = "the lamp was dark. ".repeat(300);

interface Disposable {
  readonly handle: PipelineHandle;
  /** Of a text that takes several windows. */
  readonly call: (options: RunOptions) => Promise<unknown>;
}

const pipelines: Readonly<Record<string, () => Promise<Disposable>>> = {
  questionAnswering: async () => {
    const handle = await questionAnswering(at("question-answering"));
    return { handle, call: (options) => handle({ question: "Who kept the lamp?", context: long }, options) };
  },
  fillMask: async () => {
    const handle = await fillMask(at("masked-lm"));
    return { handle, call: (options) => handle(`<mask> ${long} <mask>`, options) };
  },
  classifyText: async () => {
    const handle = await classifyText(at("sequence-classification"));
    return { handle, call: (options) => handle([long, long], options) };
  },
  classifyTokens: async () => {
    const handle = await classifyTokens(at("token-classification"));
    return { handle, call: (options) => handle(long, options) };
  },
  embedText: async () => {
    const handle = await embedText(at("question-answering"));
    return { handle, call: (options) => handle(long, options) };
  },
};

test.each(Object.entries(pipelines))("%s: a call ends as it would when the pipeline is disposed meanwhile", async (_, make) => {
  const { handle, call } = await make();
  const undisturbed = await call({});
  let windows = new Set<string>();
  let disposed: Promise<string> | undefined;
  let ended = false;
  const calling = call({
    onProgress: ({ item }) => {
      windows = windows.add(item);
      // In the first of several windows, twice.
      if (disposed === undefined) void handle.dispose();
      disposed ??= handle.dispose().then(() => (ended ? "after the call" : "before it"));
    },
  }).then((result) => {
    ended = true;
    return result;
  });
  expect(await calling).toEqual(undisturbed);
  expect(windows.size).toBeGreaterThan(1);
  expect(await disposed).toBe("after the call");
  await expect(call({})).rejects.toMatchObject({ code: "closed" });
  await handle.dispose();
});

test("a call that fails or is left alone holds nobody up", async () => {
  const { handle, call } = await (pipelines.embedText ?? (() => Promise.reject(new Error("there is one"))))();
  const abort = new AbortController();
  const calling = call({ signal: abort.signal, onProgress: () => abort.abort() });
  const disposed = handle.dispose();
  await expect(calling).rejects.toMatchObject({ code: "aborted" });
  await disposed;
});
