import { type IncomingMessage, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpAnswers, testContent } from "../../test/http-answers.ts";
import { answerOf, httpModes, questionOf } from "../../test/http-modes.ts";
import type { HttpSourceOptions } from "./http-options.ts";
import { httpSource } from "./http-source.ts";

const answers = httpAnswers(testContent);
const { content, good, size } = answers;
const modes = httpModes(answers);

let server: Server;
let origin: string;
let asked: { readonly url: string; readonly headers: IncomingMessage["headers"] }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { url = "", headers } = request;
    const path = url.split("/")[1] ?? "";
    asked.push({ url, headers });
    const attempt = asked.filter((other) => other.url.split("/")[1] === path).length;
    const mode = Object.values(modes)[Number(path.slice(1))];
    const question = questionOf(request, size, attempt);
    (mode === undefined ? good : answerOf(mode, question))(response, question);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function read(url: string, options: HttpSourceOptions): Promise<Uint8Array> {
  const source = await httpSource(url, { retryDelay: 1, ...options });
  try {
    return await source.read(80_000, 100_000);
  } finally {
    await source.close();
  }
}

describe("a server's modes", () => {
  test("there are enough of them", () => {
    expect(Object.keys(modes).length).toBeGreaterThanOrEqual(40);
  });

  test.each(Object.entries(modes).map(([name, mode], index) => [name, mode, index] as const))("%s", async (_, mode, index) => {
    asked = [];
    const reading = read(`${origin}/m${index}/file`, mode.options ?? {});
    if (mode.gives === "the bytes") expect(Buffer.compare(await reading, content.subarray(80_000, 180_000))).toBe(0);
    else {
      const [code, message] = mode.gives;
      await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    }
    expect(asked.length).toBe(mode.requests ?? 2);
  });
});
