import { torch } from "@longspan/adapter-torch";
import { referenceRuntime } from "@longspan/core/runtime";
import { classifyText, embedText, questionAnswering } from "@longspan/pipelines";
import { expect, test } from "vitest";
import { pathOf } from "./recorded.ts";

/** As a caller without a compiler writes it. */
const anything = (value: unknown): never => value as never;
const model = pathOf("question-answering");
const adapters = [torch()];

test.each<readonly [string, unknown, RegExp]>([
  ["nothing", undefined, /given by name: write questionAnswering\(\{ model, adapters/],
  ["a path alone", model, /given by name/],
  ["no runtime", { model, adapters }, /No runtime was given/],
  ["a runtime that was not called", { model, adapters, runtime: referenceRuntime }, /the function referenceRuntime, .*call it/],
  ["a promise of a runtime", { model, adapters, runtime: Promise.resolve(referenceRuntime()) }, /promise: await it/],
  [
    "an option of another name",
    { model, adapters, runtime: referenceRuntime(), dtype: "float16" },
    /no option "dtype" of questionAnswering.*dataType/,
  ],
  ["a runtime's name", { model, adapters, runtime: "webgpu" }, /no runtime but "webgpu"/],
])("a pipeline made of %s says what to write", async (_what, options, message) => {
  await expect(questionAnswering(anything(options))).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringMatching(message),
  });
});

test("calls without their input, and options that are null", async () => {
  await using answerer = await questionAnswering({ model, adapters, runtime: referenceRuntime() });
  for (const input of [undefined, null, {}, [null]])
    await expect(answerer(anything(input))).rejects.toMatchObject({ code: "inputs-invalid", message: expect.stringContaining("question") });
  const input = { question: "Who kept the lamp?", context: "Anna kept the lamp." };
  expect(await answerer(input, anything(null))).toEqual(await answerer(input));
  expect(await answerer([])).toEqual([]);
  await expect(answerer(input, anything({ topk: 3 }))).rejects.toMatchObject({
    code: "argument-invalid",
    message: expect.stringMatching(/"topk" of a call of questionAnswering.*topK/),
  });
  await using embedder = await embedText({ model, adapters, runtime: referenceRuntime() });
  for (const text of [undefined, null, 7]) await expect(embedder(anything(text))).rejects.toMatchObject({ code: "inputs-invalid" });
});

test("the refusal names the pipeline that was called", async () => {
  await expect(classifyText(anything({ model, adapters }))).rejects.toThrow(/write classifyText\(|Write classifyText\(/);
});
