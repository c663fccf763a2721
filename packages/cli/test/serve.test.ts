import { spawn, type ChildProcessByStdio } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InferenceClient } from "@huggingface/inference";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servedTasks } from "@longspan/serve";
import { tasks } from "../src/commands/serve.command.ts";
import { run } from "../src/run.ts";
import { freePort } from "@longspan/hub-server/free-port";
import { childrenOf } from "./child-processes.ts";
import { streamText } from "./stream-text.ts";
import { describedFetch } from "./described-fetch.ts";
import { runCommand, runDocument, runWithInput } from "./run-command.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures", import.meta.url));
const qaModel = join(fixtures, "huggingface/question-answering");
const question = "where did the cat sit?";
const context = "the cat sat on the mat.";

interface Served {
  readonly address: string;
  /** What was said on standard error. */
  readonly said: () => string;
  /** What came on standard output since. */
  readonly printed: () => string;
  stop(): Promise<number>;
}

/** Whatever these tests ask, and are answered, has to be as the servers describe it. */
const token = "secret";
const fetchDescribed = describedFetch(token);

/** When so many requests have left this process from now on, by what its `fetch` says of itself (diagnostics_channel of undici). */
async function requestsSent(count: number): Promise<void> {
  let left = count;
  await new Promise<void>((resolve) => {
    const channel = "undici:client:sendHeaders";
    const listener = (): void => {
      if (--left > 0) return;
      unsubscribe(channel, listener);
      resolve();
    };
    subscribe(channel, listener);
  });
}

/** A server in this process, on a port that is free. */
async function serve(...words: readonly string[]): Promise<Served> {
  const [out, error] = [new PassThrough(), new PassThrough()];
  const ending = new AbortController();
  let said = "";
  const listening = new Promise<string>((resolve) => {
    error.on("data", (text) => {
      said += String(text);
      const address = /listening {2}(\S+)/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
  });
  const given = ["serve", ...words, "--port", "0", "--runtime", "reference"];
  const running = run(given, { input: Readable.from([]), out, error }, ending.signal);
  const address = await Promise.race([listening, running.then((code) => Promise.reject(new Error(`it ended with ${code}: ${said}`)))]);
  return {
    address,
    said: () => said,
    printed: () => streamText(out),
    async stop() {
      ending.abort();
      return running;
    },
  };
}

async function post(
  address: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetchDescribed(address, {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

test("the command line knows every task", () => {
  expect(tasks).toEqual(servedTasks);
});

describe("with @huggingface/inference and openai, unchanged but for the address", () => {
  const client = new InferenceClient(undefined, { fetch: fetchDescribed });
  const withTokenizer = ["--tokenizer", qaModel];

  test("question answering: what the command line answers", async () => {
    const server = await serve(qaModel);
    const found = await client.questionAnswering({ inputs: { question, context }, endpointUrl: server.address });
    expect(typeof found.answer).toBe("string");
    expect(context.slice(found.start, found.end)).toBe(found.answer);
    const { out } = await runWithInput(JSON.stringify({ question, context }), "ask", qaModel, "--input", "-");
    const [{ answer, score, start, end }] = (JSON.parse(out) as { answers: [typeof found] }).answers;
    expect(found).toEqual({ answer, score: expect.closeTo(score, 6) as number, start, end });
    const several = await post(server.address, {
      inputs: [
        { question, context },
        { question, context: `${context} a dog read on.` },
      ],
      parameters: { top_k: 2 },
    });
    expect(several.body).toEqual([
      [expect.objectContaining({ answer: found.answer }), expect.anything()],
      expect.arrayContaining([expect.objectContaining({ answer: expect.any(String) })]),
    ]);
    expect(await server.stop()).toBe(0);
  });

  test("fill-mask", async () => {
    const server = await serve(join(fixtures, "huggingface/masked-lm"), ...withTokenizer);
    const found = await client.fillMask({ inputs: "the <mask> sat.", parameters: { top_k: 3 }, endpointUrl: server.address });
    const { document } = await runDocument(
      "fill",
      join(fixtures, "huggingface/masked-lm"),
      ...withTokenizer,
      "--text",
      "the <mask> sat.",
      "--top-k",
      "3",
    );
    const [{ masks }] = (document as { results: [{ masks: [{ fillings: { id: number; text: string; filled: string }[] }] }] }).results;
    expect(found.map(({ token, token_str: text, sequence }) => ({ token, text, sequence }))).toEqual(
      masks[0].fillings.map(({ id, text, filled }) => ({ token: id, text, sequence: filled })),
    );
    const two = await post(server.address, { inputs: "the <mask> sat on the <mask>." });
    expect(two.body).toEqual([expect.any(Array), expect.any(Array)]);
    expect(await post(server.address, { inputs: "no place" })).toMatchObject({ status: 400, body: { error_type: "inputs-invalid" } });
    await server.stop();
  });

  test("text and token classification", async () => {
    const texts = await serve(join(fixtures, "forward/models/sequence-classification"), ...withTokenizer);
    const labels = await client.textClassification({ inputs: context, endpointUrl: texts.address });
    expect(labels.map(({ label }) => label).toSorted()).toEqual(["LABEL_0", "LABEL_1", "LABEL_2"]);
    expect(labels.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
    const best = await client.textClassification({ inputs: context, parameters: { top_k: 1 }, endpointUrl: texts.address });
    expect(best).toEqual(labels.slice(0, 1));
    await texts.stop();
    const tokens = await serve(join(fixtures, "forward/models/token-classification"), ...withTokenizer);
    const grouped = await client.tokenClassification({ inputs: context, endpointUrl: tokens.address });
    expect(grouped.length).toBeGreaterThan(0);
    for (const { word, start, end } of grouped) expect(context.slice(start, end)).toBe(word);
    const each = await post(tokens.address, { inputs: context, parameters: { aggregation_strategy: "none" } });
    const labelsOf = (body: unknown): readonly string[] => (body as { entity: string }[]).map(({ entity }) => entity);
    expect(labelsOf(each.body).every((label) => label.startsWith("LABEL_"))).toBe(true);
    const [left = ""] = labelsOf(each.body);
    const without = await post(tokens.address, {
      inputs: context,
      parameters: { aggregation_strategy: "none", ignore_labels: ["O", left] },
    });
    expect(labelsOf(without.body)).toEqual(labelsOf(each.body).filter((label) => label !== left));
    for (const [parameters, message] of [
      [{ ignore_labels: [left] }, 'ignore_labels is .*; it is a list of labels with "O"'],
      [{ aggregation_strategy: "first" }, "aggregation_strategy is .*first.*; it is one of none, simple"],
    ] as const) {
      const refused = await post(tokens.address, { inputs: context, parameters });
      expect([refused.status, refused.body]).toEqual([400, expect.objectContaining({ error: expect.stringMatching(message) })]);
    }
    await tokens.stop();
  });

  test("feature extraction, and OpenAI's embeddings as floats and in base64", async () => {
    const server = await serve(qaModel, "--task", "feature-extraction");
    const { document } = await runDocument("embed", qaModel, "--text", context, "--text", "a dog read.");
    const { embeddings } = document as { embeddings: number[][] };
    expect(await client.featureExtraction({ inputs: context, endpointUrl: server.address })).toEqual(embeddings[0]);
    expect(await client.featureExtraction({ inputs: [context, "a dog read."], endpointUrl: server.address })).toEqual(embeddings);
    const openai = new OpenAI({ baseURL: `${server.address}/v1`, apiKey: "none", maxRetries: 0, fetch: fetchDescribed });
    for (const format of [undefined, "float", "base64"] as const) {
      const found = await openai.embeddings.create({
        model: "any",
        input: [context, "a dog read."],
        ...(format === undefined ? {} : { encoding_format: format }),
      });
      expect(found.usage.total_tokens).toBeGreaterThan(10);
      for (const [index, { embedding }] of found.data.entries()) {
        const values =
          typeof embedding === "string" ? Array.from(new Float32Array(new Uint8Array(Buffer.from(embedding, "base64")).buffer)) : embedding;
        expect(values).toEqual(embeddings[index]);
      }
    }
    await expect(openai.embeddings.create({ model: "any", input: [[1, 2]] })).rejects.toMatchObject({ status: 400 });
    await server.stop();
  });
});

test("--json: a document when it listens; a host that others reach, without a token, is told", async () => {
  const server = await serve(qaModel, "--json", "--host", "0.0.0.0");
  expect(JSON.parse(server.printed())).toEqual({
    address: server.address,
    task: "question-answering",
    model: "question-answering",
    openapi: `${server.address}/openapi.json`,
  });
  expect(server.said()).toMatch(/note {2}Whoever reaches this machine at 0\.0\.0\.0 may ask: set LONGSPAN_TOKEN/);
  expect(await server.stop()).toBe(0);
});

describe("bounds", () => {
  let server: Served;
  beforeAll(async () => {
    server = await serve(qaModel, "--token", token, "--queue", "3", "--max-body", "2kB", "--max-length", "500");
  });
  afterAll(async () => server.stop());
  const headers = { authorization: `Bearer ${token}` };
  const inputs = { question, context };

  test("a token, if there is one; health asks for none", async () => {
    expect(await post(server.address, { inputs })).toMatchObject({ status: 401, body: { error_type: "unauthorized" } });
    expect(await post(server.address, { inputs }, { authorization: "Bearer wrong" })).toMatchObject({ status: 401 });
    expect((await fetchDescribed(`${server.address}/metrics`)).status).toBe(401);
    expect(await (await fetchDescribed(`${server.address}/health`)).json()).toEqual({
      status: "ok",
      task: "question-answering",
      // Of a folder, its name alone.
      model: "question-answering",
    });
    expect(await post(server.address, { inputs }, headers)).toMatchObject({ status: 200 });
  });

  test("what is wrong is named", async () => {
    const cases: readonly (readonly [unknown, number, string])[] = [
      ["{", 400, "no JSON"],
      [{}, 400, '"inputs"'],
      [{ inputs: "text" }, 400, "question"],
      [{ inputs, parameters: { top_p: 1 } }, 400, '"top_p"'],
      [{ inputs, parameters: { top_k: "many" } }, 400, "top_k"],
      [{ inputs, parameters: { top_k: "3" } }, 400, "an integer, 1 or more"],
      [{ inputs, parameters: { top_k: { toString: 1 } } }, 400, "an integer, 1 or more"],
      [{ inputs, parameters: { align_to_words: "no" } }, 400, "true or false"],
      [{ inputs: { question: " ", context } }, 400, "question is empty"],
      [{ inputs: { question, context: "x".repeat(501) } }, 400, "501 characters"],
      [{ inputs: [inputs, { question, context: "x".repeat(501) }] }, 400, "Input 2 of 2: A text has 501 characters"],
      [{ inputs: [inputs, { question: " ", context }, inputs] }, 400, "Input 2 of 3: The question is empty"],
      [{ inputs, parameters: { max_seq_len: 99999 } }, 400, "max_seq_len is 99999"],
      [{ inputs: [inputs, "a text"] }, 400, "Input 2 of 2: An input of question-answering is"],
      [{ inputs: [inputs, inputs, inputs, inputs] }, 400, "takes 3 at a time"],
      [{ inputs: { question, context: "x".repeat(3000) } }, 413, "at most 2000 bytes"],
    ];
    for (const [body, status, message] of cases) {
      const found = await post(server.address, body, headers);
      expect([body, found.status, found.body]).toEqual([
        body,
        status,
        expect.objectContaining({ error: expect.stringContaining(message) }),
      ]);
    }
    expect(await post(`${server.address}/v1/embeddings`, { input: "x" }, headers)).toMatchObject({ status: 404 });
    expect(await post(server.address, { inputs }, { ...headers, "content-encoding": "gzip" })).toMatchObject({
      status: 415,
      body: { error: expect.stringContaining("Content-Encoding is gzip"), error_type: "unsupported" },
    });
  });

  test("too many at once: 429 and when to try again, and the others are answered", async () => {
    const long = { question, context: `${context} `.repeat(20) };
    const all = await Promise.all(
      Array.from({ length: 12 }, async () => post(`${server.address}/models/any/name`, { inputs: [long, long, long] }, headers)),
    );
    expect(all.map(({ status }) => status).filter((status) => status !== 429 && status !== 200)).toEqual([]);
    const refused = all.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(all.filter(({ status }) => status === 200).length).toBe(12 - refused.length);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });

  test("metrics, and a description of it all", async () => {
    const metrics = await (await fetchDescribed(`${server.address}/metrics`, { headers })).text();
    expect(metrics).toMatch(/^longspan_requests_total\{route="\/",status="200"\} [1-9]/m);
    expect(metrics).toMatch(/^longspan_inputs_waiting 0$/m);
    const document = (await (await fetchDescribed(`${server.address}/openapi.json`, { headers })).json()) as {
      openapi: string;
      paths: object;
      security: unknown;
    };
    expect([document.openapi, Object.keys(document.paths)]).toEqual([
      "3.1.0",
      ["/", "/models/{model}", "/health", "/metrics", "/openapi.json"],
    ]);
    expect(document.security).toEqual([{ bearer: [] }]);
  });
});

test("what cannot be served", async () => {
  for (const token of ["", "a b", "umläut"])
    expect(await runCommand("serve", qaModel, "--port", "0", "--token", token)).toMatchObject({
      code: 2,
      error: expect.stringContaining("--token"),
    });
  expect(await runCommand("serve", qaModel, "--port", "0", "--workers", "2", "--batch-wait", "3")).toMatchObject({ code: 2 });
  expect(await runCommand("serve", join(fixtures, "nowhere"))).toMatchObject({ code: 1 });
  const server = await serve(qaModel);
  const port = new URL(server.address).port;
  expect(await runCommand("serve", qaModel, "--port", port, "--runtime", "reference")).toMatchObject({
    code: 3,
    error: expect.stringContaining("--port"),
  });
  await server.stop();
});

describe.runIf(process.platform === "linux")("processes", () => {
  const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
  const flags = ["--conditions=@longspan/source", "--disable-warning=ExperimentalWarning"];
  const serveProcess = (...words: readonly string[]): ChildProcessByStdio<null, Readable, Readable> =>
    spawn(process.execPath, [...flags, cli, "serve", ...words, "--runtime", "reference"], { stdio: ["ignore", "pipe", "pipe"] });

  /** What `/health` says until all is well, each status once. */
  async function healthUntilOk(address: string): Promise<readonly string[]> {
    const seen: string[] = [];
    for (;;) {
      const said = await fetch(`${address}/health`).then(
        async (response) => `${response.status} ${((await response.json()) as { status: string }).status}`,
        () => undefined,
      );
      if (said !== undefined && seen.at(-1) !== said) seen.push(said);
      if (said === "200 ok") return seen;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  test.each([["alone"], ["with workers", "--workers", "2"]])("a model that cannot be opened is one error: %s", async (_, ...words) => {
    const running = serveProcess(join(fixtures, "huggingface/masked-lm"), "--task", "fill-mask", "--port", "0", ...words);
    let said = "";
    running.stderr.on("data", (text) => (said += String(text)));
    expect(await once(running, "close")).toEqual([1, null]);
    expect(said).toMatch(/^error {2}There is no tokenizer .*\n$/);
  });

  test.each([["alone"], ["with workers, one of which is killed", "--workers", "2"]])(
    "SIGTERM ends it when all is answered: %s",
    async (_, ...words) => {
      const port = await freePort();
      const running = serveProcess(qaModel, "--port", String(port), ...words);
      const ended = once(running, "close");
      const health = healthUntilOk(`http://127.0.0.1:${port}`);
      let said = "";
      const address = await new Promise<string>((resolve) => {
        running.stderr.on("data", (text) => {
          said += String(text);
          const found = /listening {2}(\S+)/.exec(said)?.[1];
          if (found !== undefined) resolve(found);
        });
      });
      const asked = async (): Promise<number> =>
        (await post(address, { inputs: { question, context: `${context} ${"the dog read on. ".repeat(20)}` } })).status;
      // It has said that it listens: it answers.
      expect(await asked()).toBe(200);
      // Before that it said nothing else than that it starts, where it was asked in time.
      expect(["503 starting", "200 ok"]).toEqual(expect.arrayContaining([...(await health)]));
      const sent = requestsSent(60);
      const all = Array.from({ length: 60 }, asked);
      await sent;
      const [victim] = words.length > 0 ? childrenOf(running.pid) : [];
      if (victim !== undefined) process.kill(victim, "SIGKILL");
      expect(words.length > 0).toBe(victim !== undefined);
      await Promise.race(all);
      running.kill("SIGTERM");
      const statuses = await Promise.all(all);
      expect(statuses).toEqual(statuses.map(() => 200));
      expect(await ended).toEqual([0, null]);
      await expect(fetch(`${address}/health`)).rejects.toThrow("fetch failed");
    },
  );
});
