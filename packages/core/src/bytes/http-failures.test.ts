import { type IncomingMessage, type Server, createServer } from "node:http";
import { type AddressInfo, type Server as SocketServer, type Socket, createServer as createSocketServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, httpAnswers, testContent } from "../../test/http-answers.ts";
import type { ProgressEvent } from "../accounting/progress.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { HttpSourceOptions } from "./http-options.ts";
import { httpSource } from "./http-source.ts";

const { begun, good, send, silent, size, status, to, whole } = httpAnswers(testContent);

let server: Server;
let origin: string;
let asked: { readonly url: string; readonly headers: IncomingMessage["headers"] }[] = [];

/** A server that is as it should be. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const { url = "", headers } = request;
    asked.push({ url, headers });
    const [first, last] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? []).slice(1).map(Number);
    good(response, { first: first ?? 0, end: Math.min((last ?? size - 1) + 1, size), attempt: 1, request });
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

/** A server that speaks no HTTP, or not yet. */
async function socketServer(
  answer: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly server: SocketServer; readonly close: () => void }> {
  const sockets = new Set<Socket>();
  const listening = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    answer(socket);
  });
  await new Promise<void>((resolve) => {
    listening.listen(0, "127.0.0.1", resolve);
  });
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  };
  return { port: (listening.address() as AddressInfo).port, server: listening, close };
}

describe("what is no server of HTTP", () => {
  const codeOf = async (url: string, options: HttpSourceOptions = {}): Promise<unknown> =>
    httpSource(url, { retries: 2, retryDelay: 1, ...options }).catch((error: unknown) => error);

  /** How often fetch is called: it may connect more often than it is called. */
  const counted = (): { readonly fetch: typeof globalThis.fetch; readonly calls: () => number } => {
    let calls = 0;
    return { fetch: (...given) => (calls++, globalThis.fetch(...given)), calls: () => calls };
  };

  test("one that takes the connection and says nothing", async () => {
    const { fetch, calls } = counted();
    const { port, close } = await socketServer(() => {});
    expect(await codeOf(`http://127.0.0.1:${port}/m`, { timeout: 50, fetch })).toMatchObject({
      code: "network-failed",
      message: expect.stringContaining("sent nothing"),
    });
    expect(calls()).toBe(2);
    close();
  });

  test("one that says something else: not asked again", async () => {
    const { fetch, calls } = counted();
    const { port, close } = await socketServer((socket) => socket.end("220 mail.example.org ESMTP\r\n"));
    expect(await codeOf(`http://127.0.0.1:${port}/m`, { fetch })).toMatchObject({ code: "network-failed" });
    expect(calls()).toBe(1);
    close();
  });

  test("one without TLS behind https: not asked again", async () => {
    const { fetch, calls } = counted();
    const { port, close } = await socketServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    expect(await codeOf(`https://127.0.0.1:${port}/m`, { fetch })).toMatchObject({ code: "network-failed" });
    expect(calls()).toBe(1);
    close();
  });

  test("none at all: asked again, in case that it is starting", async () => {
    const { port, close, server: ended } = await socketServer(() => {});
    close();
    await new Promise((resolve) => ended.on("close", resolve));
    expect(await codeOf(`http://127.0.0.1:${port}/m`)).toMatchObject({
      code: "network-failed",
      message: expect.stringMatching(new RegExp(`^http://127\\.0\\.0\\.1:${port}/m could not be read 3 times: connect ECONNREFUSED`)),
    });
  });

  const failing = (
    code: string,
    message = "as the system says it",
  ): { readonly options: HttpSourceOptions; readonly tries: () => number } => {
    let tries = 0;
    const fetch = async (): Promise<Response> => {
      tries++;
      throw new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code }) });
    };
    return { options: { fetch }, tries: () => tries };
  };

  test.each([
    "ENOTFOUND",
    "CERT_HAS_EXPIRED",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "EPROTO",
    "HPE_INVALID_CONSTANT",
  ])("%s is told at once", async (code) => {
    const { options, tries } = failing(code);
    expect(await codeOf("https://models.example/m", options)).toMatchObject({ code: "network-failed" });
    expect(tries()).toBe(1);
  });

  test.each(["ECONNRESET", "EAI_AGAIN", "ETIMEDOUT", "UND_ERR_SOCKET", "UND_ERR_CONNECT_TIMEOUT", "ENETUNREACH"])(
    "%s may pass",
    async (code) => {
      const { options, tries } = failing(code);
      expect(await codeOf("https://models.example/m", options)).toMatchObject({
        message: expect.stringContaining("3 times: as the system says it"),
      });
      expect(tries()).toBe(3);
    },
  );

  test("a host that is not there is named", async () => {
    expect(await codeOf("https://models.example/m", failing("ENOTFOUND").options)).toMatchObject({
      message: "https://models.example/m could not be read: there is no host models.example.",
    });
  });
});

describe("credentials", () => {
  test("stay with their host", async () => {
    const other = createServer((request, response) => {
      asked.push({ url: `other${request.url}`, headers: request.headers });
      if (request.url === "/back") response.writeHead(302, { location: `${origin}/plain` }).end();
      else response.writeHead(302, { location: "/back" }).end();
    });
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const elsewhere = `http://user:word@127.0.0.1:${(other.address() as AddressInfo).port}`;
    const headers = { authorization: "Bearer secret", cookie: "a=b", "x-mine": "kept" };
    asked = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const { pathname, port } = new URL(new Request(input).url);
      if (pathname === "/start") return Response.json({}, { status: 302, headers: { location: `http://127.0.0.1:${port}/next` } });
      if (pathname === "/next") {
        asked.push({ url: "next", headers: Object.fromEntries(new Headers(init?.headers)) });
        return Response.json({}, { status: 307, headers: { location: elsewhere } });
      }
      return globalThis.fetch(input, init);
    };
    const source = await httpSource(`${origin}/start`, { headers, fetch });
    await source.close();
    const seen = asked.map((each) => [each.url, each.headers.authorization, each.headers.cookie, each.headers["x-mine"]]);
    expect(seen).toEqual([
      ["next", "Bearer secret", "a=b", "kept"],
      ["other/", undefined, undefined, "kept"],
      ["other/back", undefined, undefined, "kept"],
      // Back where it began, but who knows on whose behalf.
      ["/plain", undefined, undefined, "kept"],
    ]);
    other.closeAllConnections();
    other.close();
  });

  test.each([{ "a b": "c" }, { a: "b\nc" }])("headers that are none are refused: %j", async (headers) => {
    await expect(httpSource(`${origin}/plain`, { headers })).rejects.toMatchObject({ code: "argument-invalid" });
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])("a time-out that is none is refused: %d", async (timeout) => {
    await expect(httpSource(`${origin}/plain`, { timeout })).rejects.toMatchObject({ code: "argument-invalid" });
  });
});

test("where fetch follows redirects itself, as in browsers, it is let", async () => {
  const modesAsked: (string | undefined)[] = [];
  const fetch: typeof globalThis.fetch = async (_address, init) => {
    modesAsked.push(init?.redirect);
    if (init?.redirect === "follow") return globalThis.fetch(`${origin}/plain`, init);
    return { type: "opaqueredirect", status: 0, headers: new Headers(), body: null } as Response;
  };
  const source = await httpSource(`${origin}/start`, { fetch });
  expect((await source.read(80_000, 100_000)).length).toBe(100_000);
  await source.close();
  expect(modesAsked).toEqual(["manual", "follow", "follow"]);
});

describe("waiting", () => {
  test("is told of each second, and what it is for", async () => {
    const { port, close } = await socketServer(() => {});
    const events: ProgressEvent[] = [];
    const opening = httpSource(`http://127.0.0.1:${port}/m`, { timeout: 2500, retries: 0, onProgress: (event) => events.push(event) });
    await expect(opening).rejects.toMatchObject({ code: "network-failed" });
    expect(events).toEqual([1, 2].map((done) => ({ stage: "wait", item: `127.0.0.1:${port}`, done, total: 2.5, unit: "seconds" })));
    close();
  });

  test("time in which this process saw nothing is no silence of the server", async () => {
    const opening = httpSource(`${origin}/plain`, { timeout: 50, retries: 0 });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    await (await opening).close();
  });

  const stages: Readonly<Record<string, Answer>> = {
    "for an answer": silent,
    "for its body": begun(100, () => {}),
    "for another try": status(503, { "retry-after": "50" }),
    "for a redirect's end": (response, question) => (question.attempt % 2 === 1 ? to("end") : silent)(response, question),
  };
  test.each(Object.entries(stages))("ends at once when interrupted: %s", async (_, answer) => {
    const slow = createServer((request, response) => answer(response, { first: 0, end: size, attempt: ++attempts, request }));
    let attempts = 0;
    await new Promise<void>((resolve) => {
      slow.listen(0, "127.0.0.1", resolve);
    });
    const stop = new AbortController();
    // All would wait for longer than a test may take.
    const address = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/m`;
    const opening = httpSource(address, { signal: stop.signal, timeout: 600_000 });
    setTimeout(() => stop.abort(new Error("enough")), 60);
    const error: unknown = await opening.catch((thrown: unknown) => thrown);
    expect(LongspanError.isInstance(error) && error.code).toBe("aborted");
    slow.closeAllConnections();
    slow.close();
  });
});

describe("asking whether a file is still what it was", () => {
  test.each<[string, Answer, string | undefined]>([
    ["the same", good, undefined],
    ["another tag", (response, question) => send(response, question, { headers: { etag: '"2"' } }), "source-changed"],
    [
      "another size",
      (response, question) => send(response, question, { headers: { "content-range": `bytes 0-0/${size - 1}` } }),
      "source-changed",
    ],
    ["gone", status(404), "source-changed"],
    ["forbidden", status(403), "permission-denied"],
    ["whole", whole, undefined],
    ["whole, of another size", (response) => response.writeHead(200, { etag: '"1"', "content-length": 1 }).end("x"), "source-changed"],
  ])("%s", async (_, answer, code) => {
    let now: Answer = good;
    const changing = createServer((request, response) => {
      const [first, end] = (/^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? []).slice(1).map(Number);
      now(response, { first: first ?? 0, end: (end ?? 0) + 1, attempt: 1, request });
    });
    await new Promise<void>((resolve) => {
      changing.listen(0, "127.0.0.1", resolve);
    });
    const address = `http://127.0.0.1:${(changing.address() as AddressInfo).port}/m`;
    const source = await httpSource(address);
    await source.checkUnchanged?.();
    now = answer;
    // Closed or not.
    await source.close();
    const outcome: unknown = await source.checkUnchanged?.().then(
      () => undefined,
      (error: unknown) => (LongspanError.isInstance(error) ? error.code : error),
    );
    expect(outcome).toBe(code);
    changing.closeAllConnections();
    changing.close();
  });
});

test("an answer whose body is broken before it is thrown away is an answer all the same: a 503 is asked again, a redirect followed", async () => {
  const broken = (): ReadableStream => new ReadableStream({ start: (controller) => controller.error(new TypeError("terminated")) });
  const answers = [
    new Response(broken(), { status: 503 }),
    new Response(broken(), { status: 302, headers: { location: "http://files.example/b.bin" } }),
  ];
  const asked: string[] = [];
  const source = await httpSource("http://files.example/a.bin", {
    retryDelay: 1,
    async fetch(input) {
      asked.push(new Request(input).url);
      return answers.shift() ?? new Response("abc", { headers: { "content-length": "3" } });
    },
  });
  expect(asked.slice(0, 3)).toEqual(["http://files.example/a.bin", "http://files.example/a.bin", "http://files.example/b.bin"]);
  expect(new TextDecoder().decode(await source.read(0, 3))).toBe("abc");
  await source.close();
});
