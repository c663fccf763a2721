import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { run } from "../src/run.ts";
import { runCommand, runJson } from "./run-command.ts";

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const model = pathOf("../../../fixtures/huggingface/question-answering");

let server: Server;
let origin: string;
let folder: string;
/** What becomes of a request; undefined: the file, as it should be. */
let answer: (request: IncomingMessage, response: ServerResponse) => boolean;
let asked: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "longspan-test-"));
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (!answer(request, response)) sendFile(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
  answer = () => false;
});

function sendFile({ url = "", headers }: IncomingMessage, response: ServerResponse): void {
  const name = url.slice(1);
  if (!readdirSync(model).includes(name)) return void response.writeHead(404).end();
  const bytes = readFileSync(join(model, name));
  const [first = 0, last = 0] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? []).slice(1).map(Number);
  const part = bytes.subarray(first, last + 1);
  response.writeHead(206, { etag: '"1"', "content-range": `bytes ${first}-${first + part.length - 1}/${bytes.length}` }).end(part);
}

describe("a model behind a URL", () => {
  test("is inspected and converted as if it lay here", async () => {
    expect((await runJson("inspect", `${origin}/model.safetensors`)).document).toMatchObject({
      container: "safetensors",
      head: "question-answering",
    });
    const to = join(folder, "converted");
    expect(await runCommand("convert", `${origin}/model.safetensors`, "--to", "torch", "-o", to, "--timeout", "90")).toMatchObject({
      code: 0,
    });
    expect(await runCommand("verify", model, to)).toMatchObject({ code: 0 });
  });

  test("that does not answer is given up after the time that is said", async () => {
    answer = () => true;
    const { code, error } = await runCommand("inspect", `${origin}/model.safetensors`, "--timeout", "0.1");
    expect([code, error]).toEqual([
      3,
      expect.stringMatching(/^error {2}http:\S+\/model\.safetensors could not be read 2 times: \S+ sent nothing for 0\.1 s\.\n$/),
    ]);
  });

  test("is said to be waited for", async () => {
    answer = (_, response) => {
      // The first request is left alone until it is said that it waits.
      if (asked.length === 1) void said.promise.then(() => response.destroy());
      return asked.length === 1;
    };
    const [out, error] = [new PassThrough(), new PassThrough()];
    const said = Promise.withResolvers<void>();
    let text = "";
    error.on("data", (piece) => {
      text += String(piece);
      if (text.includes(`waiting for ${new URL(origin).host} … 2 s of 90\n`)) said.resolve();
    });
    const words = ["inspect", `${origin}/model.safetensors`, "--timeout", "90"];
    expect(await run(words, { input: Readable.from([]), out, error }, new AbortController().signal)).toBe(0);
    await said.promise;
  });

  test.each(["0", "-1", "soon", ""])("a time-out that is none: %j", async (text) => {
    const { code, error } = await runCommand("inspect", `${origin}/model.safetensors`, "--timeout", text);
    expect([code, error]).toEqual([2, expect.stringContaining("above 0")]);
  });

  test("that changes while it is converted", async () => {
    answer = ({ url, headers }, response) => {
      const isLater = url === "/model.safetensors" && !(headers.range ?? "").startsWith("bytes=0-6");
      if (isLater) response.writeHead(206, { etag: '"2"', "content-range": "bytes 0-0/1" }).end("x");
      return isLater;
    };
    const to = join(folder, "changed");
    const { code, error } = await runCommand("convert", `${origin}/model.safetensors`, "--to", "torch", "-o", to);
    expect([code, error]).toEqual([1, expect.stringContaining("changed on the server")]);
    expect(readdirSync(folder)).not.toContain("changed");
  });
});

describe.runIf(process.platform !== "win32")("interrupted, a command ends at once", () => {
  const start = (...words: readonly string[]): ChildProcess =>
    spawn(process.execPath, ["--conditions=@longspan/source", "--disable-warning=ExperimentalWarning", pathOf("../src/cli.ts"), ...words]);
  const isModel = ({ url }: IncomingMessage): boolean => url === "/model.safetensors";

  const stages: Readonly<Record<string, (stop: () => void) => typeof answer>> = {
    "while it waits for an answer": (stop) => () => {
      stop();
      return true;
    },
    "in the middle of an answer": (stop) => (request, response) => {
      response.writeHead(206, { "content-range": "bytes 0-65535/99999999" }).write("x", stop);
      return isModel(request);
    },
    "before it asks again": (stop) => (_, response) => {
      response.writeHead(503, { "retry-after": "50" }).end(stop);
      return true;
    },
    "while it opens what lies beside": (stop) => (request) => {
      if (isModel(request)) return false;
      stop();
      return true;
    },
  };

  test.each(Object.entries(stages))(
    "%s",
    async (_, stage) => {
      const to = join(folder, "interrupted");
      // Left alone, it would wait for longer than this test may take.
      const child = start("convert", `${origin}/model.safetensors`, "--to", "torch", "-o", to, "--timeout", "600");
      let error = "";
      child.stderr?.on("data", (piece) => (error += String(piece)));
      answer = stage(() => void setTimeout(() => child.kill("SIGINT"), 50));
      const code = await new Promise((resolve) => child.on("close", resolve));
      // That it waits may be told before.
      expect([code, error.replace(/^waiting for .*\n/gm, "")]).toEqual([130, "error  Interrupted.\n"]);
      expect(readdirSync(folder)).not.toContain("interrupted");
    },
    180_000,
  );
});
