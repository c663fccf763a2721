import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { LongspanError } from "@longspan/core";
import { freePort } from "@longspan/hub-server/free-port";
import { serveInference } from "./serve-inference.ts";
import type { ServedJob, ServedOutcome } from "./served-job.ts";

async function* capitals(jobs: AsyncIterable<ServedJob>): AsyncGenerator<ServedOutcome> {
  for await (const { id, fields } of jobs) yield { id, document: { embedding: [String(fields.text).length] } };
}

interface Served {
  readonly address: string;
  readonly errors: readonly unknown[];
  stop(): Promise<void>;
}

const given = {
  task: "feature-extraction",
  model: "m",
  version: "0",
  host: "127.0.0.1",
  port: 0,
  capacity: 4,
  timeout: 90_000,
  maxBody: 1000,
  maxLength: 1000,
  onListening: () => undefined,
  onLost: () => undefined,
  onError: () => undefined,
} as const;

async function serve(): Promise<Served> {
  const ending = new AbortController();
  const listening = Promise.withResolvers<string>();
  const errors: unknown[] = [];
  const serving = serveInference({
    ...given,
    signal: ending.signal,
    withModel: async (use) => use(capitals),
    onListening: listening.resolve,
    onLost: (error) => errors.push(error),
    onError: (error) => errors.push(error),
  });
  return {
    address: await listening.promise,
    errors,
    async stop() {
      ending.abort();
      await serving;
    },
  };
}

test("until the model is open it says that it starts; then the address is told, and requests are answered", async () => {
  const ending = new AbortController();
  const gate = Promise.withResolvers<void>();
  const port = await freePort();
  const told: string[] = [];
  const serving = serveInference({
    ...given,
    port,
    signal: ending.signal,
    withModel: async (use) => {
      await gate.promise;
      await use(capitals);
    },
    onListening: (address) => told.push(address),
  });
  const address = `http://127.0.0.1:${port}`;
  const health = async (): Promise<readonly [number, unknown]> => {
    const response = await fetch(`${address}/health`);
    return [response.status, await response.json()];
  };
  const ask = async (): Promise<Response> => fetch(address, { method: "POST", body: '{"inputs": "a"}' });
  const isThere = async (): Promise<boolean> =>
    fetch(`${address}/health`).then(
      () => true,
      () => false,
    );
  // Its socket is there a little later.
  while (!(await isThere())) await wait(5);
  expect(await health()).toEqual([503, { status: "starting" }]);
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  expect(await refused.json()).toMatchObject({ error_type: "starting" });
  expect(told).toEqual([]);
  gate.resolve();
  while (told.length === 0) await wait(5);
  expect(told).toEqual([address]);
  expect(await health()).toEqual([200, { status: "ok", model: "m", task: "feature-extraction" }]);
  expect((await ask()).status).toBe(200);
  ending.abort();
  await serving;
});

test("an address that is taken is told before a model is opened for nothing; a model that cannot be opened ends it at once", async () => {
  const { address, stop } = await serve();
  let opened = 0;
  const withModel = async (): Promise<never> => {
    opened++;
    throw new LongspanError("not-found", "There is no model.");
  };
  const { signal } = new AbortController();
  await expect(serveInference({ ...given, port: Number(new URL(address).port), signal, withModel })).rejects.toMatchObject({
    code: "io-failed",
  });
  expect(opened).toBe(0);
  await stop();
  await expect(serveInference({ ...given, signal, withModel })).rejects.toMatchObject({ code: "not-found" });
  expect(opened).toBe(1);
});

const connectTo = (address: string): Socket => connect(Number(new URL(address).port), "127.0.0.1");

test.each([
  ["with a length", "Content-Length: 500\r\n\r\n"],
  ["in chunks", "Transfer-Encoding: chunked\r\n\r\n9\r\n"],
])("a client that leaves in the middle of its request, %s, is no error of the server", async (_name, rest) => {
  const { address, errors, stop } = await serve();
  const socket = connectTo(address);
  socket.write(`POST / HTTP/1.1\r\nHost: x\r\n${rest}{"inputs"`, () => setTimeout(() => socket.destroy(), 50));
  await once(socket, "close");
  let metrics = "";
  // What became of it is counted a little later.
  while (!metrics.includes('route="/",status=')) metrics = await (await fetch(`${address}/metrics`)).text();
  expect(/route="\/",status="(\d+)"/.exec(metrics)?.[1]).toBe("400");
  await stop();
  expect(errors).toEqual([]);
});

describe("a request that is too large", () => {
  const post = (headers: string): string => `POST / HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`;

  /** What comes on a connection until it ends. */
  async function replies(address: string, ...written: readonly (string | number)[]): Promise<string> {
    const socket = connectTo(address);
    let found = "";
    socket.on("data", (chunk) => (found += String(chunk))).on("error", () => undefined);
    for (const part of written) {
      if (typeof part === "string") socket.write(part);
      else await wait(part);
    }
    if (!socket.closed) await once(socket, "close");
    return found;
  }

  test("is answered when all of it has come, and its connection goes on, however slow it was", async () => {
    const { address, stop } = await serve();
    const found = await replies(
      address,
      post("Content-Length: 2000") + "x".repeat(1000),
      800,
      "x".repeat(1000) + "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    expect(found.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"]);
    await stop();
  });

  test.each([
    ["far too large", post("Content-Length: 100000") + "x".repeat(1000)],
    ["of no length", post("Transfer-Encoding: chunked") + "7d0\r\n" + "x".repeat(2000)],
  ])("%s: its connection ends with the answer", async (_name, sent) => {
    const { address, stop } = await serve();
    const found = await replies(address, sent);
    expect(found).toMatch(/^HTTP\/1\.1 413[^]*connection: close/i);
    await stop();
  });
});
