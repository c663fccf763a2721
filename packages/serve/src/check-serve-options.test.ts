import { LongspanError } from "@longspan/core";
import { expect, test } from "vitest";
import { inferenceApp } from "./inference-app.ts";
import { inferenceEngine } from "./inference-engine.ts";
import { serveInference, type ServeOptions } from "./serve-inference.ts";

const engineOptions = { withModel: async () => undefined, capacity: 1, timeout: 1, onLost: () => undefined };

const given: ServeOptions = {
  ...engineOptions,
  host: "127.0.0.1",
  port: 0,
  task: "fill-mask",
  model: "m",
  version: "0",
  maxBody: 1,
  maxLength: 1,
  signal: AbortSignal.abort(),
  onListening: () => undefined,
  onError: () => undefined,
};

test("what is right is taken, with a token and without", async () => {
  await serveInference({ ...given, withModel: async (use) => use(async function* () {}) });
  await serveInference({ ...given, token: "abc-._~+/==", withModel: async (use) => use(async function* () {}) });
});

test.each<readonly [string, Readonly<Record<string, unknown>>, RegExp]>([
  ["a name that there is not", { Token: "secret" }, /There is no option "Token" of serveInference\. Write "token"\./],
  ["an empty token", { token: "" }, /The option token of serveInference is given, but not one that can be sent/],
  ["a token that no header holds", { token: "zwölf" }, /The option token/],
  [
    "a capacity that is missing",
    { capacity: undefined },
    /The option capacity of serveInference is missing; it is an integer, 1 or more\./,
  ],
  ["a capacity that is a text", { capacity: "4" }, /The option capacity of serveInference is "4"/],
  ["a timeout of nothing", { timeout: 0 }, /The option timeout .* is 0; it is milliseconds/],
  ["a timeout as a text", { timeout: "60000" }, /The option timeout/],
  ["a timeout that no timer waits for", { timeout: Infinity }, /The option timeout/],
  ["a request that no text holds", { maxBody: 2 ** 29 - 23 }, /The option maxBody .* from 1 to 536870888: a request is read as one text/],
  ["a limit that is none", { maxBody: Number.NaN }, /The option maxBody/],
  ["a limit below one", { maxLength: 0 }, /The option maxLength/],
  ["a port that is none", { port: 65536 }, /The option port .* from 0 to 65535/],
  ["a port as a text", { port: "8080" }, /The option port/],
  ["no host", { host: "" }, /The option host/],
  ["a task that there is not", { task: "summarization" }, /The option task .* one of question-answering, fill-mask/],
  ["a signal's controller", { signal: new AbortController() }, /signal.* write controller\.signal/],
  ["no signal", { signal: undefined }, /The option signal of serveInference is missing/],
  ["nobody who is told", { onLost: undefined }, /The option onLost of serveInference is missing; it is a function/],
])("%s is refused before anything is opened", async (_, wrong, message) => {
  let opened = 0;
  const withModel = async (): Promise<void> => void opened++;
  const error = await serveInference({ ...given, withModel, ...wrong }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(LongspanError);
  expect(error).toMatchObject({ code: "argument-invalid", message: expect.stringMatching(message) });
  expect(JSON.stringify(error)).not.toContain("zwölf");
  expect(opened).toBe(0);
});

test("the parts are asked likewise", () => {
  const wrong = (call: () => unknown, message: string): void => {
    expect(call).toThrow(expect.objectContaining({ code: "argument-invalid", message: expect.stringContaining(message) }));
  };
  wrong(
    () => inferenceEngine({ ...engineOptions, capcity: 2 } as never),
    'There is no option "capcity" of inferenceEngine. Write "capacity".',
  );
  wrong(() => inferenceEngine(undefined as never), "The option withModel of inferenceEngine is missing");
  const { task, model, version, maxBody, maxLength, onError } = given;
  const app = { task, model, version, maxBody, maxLength, onError };
  wrong(() => inferenceApp(app as never), "The option engine of inferenceApp is missing; it is what inferenceEngine(…) gives.");
  wrong(() => inferenceApp({ ...app, engine: inferenceEngine(engineOptions), token: "" }), "The option token of inferenceApp");
});
