import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { httpFileSet } from "./http-file-set.ts";
import type { HttpSourceOptions } from "./http-options.ts";
import { httpSource } from "./http-source.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;

const content = Uint8Array.from({ length: 400_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
const otherContent = content.map((byte) => byte ^ 0xff);

let server: Server;
let origin: string;
let requests: {
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly headers: IncomingMessage["headers"];
}[] = [];
let handlers: Record<string, Handler> = {};

beforeAll(async () => {
  server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    requests.push({ method, url, range: headers.range, headers });
    const path = url.split("?")[0] ?? "";
    const attempt = requests.filter((other) => other.url === url).length;
    const handler = handlers[path];
    if (handler === undefined) response.writeHead(404).end("no such file");
    else handler(request, response, attempt);
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

beforeEach(() => {
  requests = [];
  handlers = {};
});

/** A server as it should be. */
function ranged(bytes: Uint8Array, headers: Readonly<Record<string, string>> = { etag: '"1"' }): Handler {
  return (request, response) => {
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (match === null) {
      response.writeHead(200, { ...headers, "content-length": bytes.length }).end(request.method === "HEAD" ? undefined : bytes);
      return;
    }
    const first = Number(match[1]);
    const end = Math.min(Number(match[2]) + 1, bytes.length);
    if (first >= bytes.length) {
      response.writeHead(416, { ...headers, "content-range": `bytes */${bytes.length}` }).end();
      return;
    }
    const part = bytes.subarray(first, end);
    response
      .writeHead(206, { ...headers, "content-range": `bytes ${first}-${end - 1}/${bytes.length}`, "content-length": part.length })
      .end(part);
  };
}

const open = (path: string, options: HttpSourceOptions = {}) => httpSource(`${origin}${path}`, { retryDelay: 1, ...options });

describe("reading", () => {
  test("opening is one request, which serves the first reads", async () => {
    handlers["/m"] = ranged(content);
    const source = await open("/m");
    expect(source.size).toBe(content.length);
    expect(source.name).toBe(`${origin}/m`);
    expect(await source.read(0, 8)).toEqual(content.slice(0, 8));
    expect(await source.read(60_000, 5536)).toEqual(content.slice(60_000, 65_536));
    expect(requests.map(({ range }) => range)).toEqual(["bytes=0-65535"]);
    await source.close();
  });

  test("1,000 small reads in a row cost four requests", async () => {
    handlers["/m"] = ranged(content);
    const source = await open("/m", { readAhead: 200_000 });
    for (let offset = 0; offset < content.length; offset += 400)
      expect(Buffer.compare(await source.read(offset, 400), content.subarray(offset, offset + 400))).toBe(0);
    expect(requests.map(({ range }) => range)).toEqual([
      "bytes=0-65535",
      "bytes=65536-196271",
      "bytes=196272-395999",
      "bytes=396000-399999",
    ]);
    await source.close();
  });

  test("ranges outside are refused without a request", async () => {
    handlers["/m"] = ranged(content);
    const source = await open("/m");
    await expect(source.read(399_999, 2)).rejects.toMatchObject({ code: "truncated" });
    expect(requests.length).toBe(1);
    await source.close();
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: "closed" });
  });

  test("a small file is whole at once", async () => {
    handlers["/s"] = ranged(content.slice(0, 100));
    const source = await open("/s");
    expect(await source.read(0, 100)).toEqual(content.slice(0, 100));
    await source.close();
    await expect(source.read(0, 1)).rejects.toMatchObject({ code: "closed" });
    expect(requests.length).toBe(1);
  });

  test("an empty file, with ranges and without", async () => {
    handlers["/416"] = ranged(new Uint8Array(0));
    handlers["/200"] = (_, response) => response.writeHead(200).end();
    handlers["/204"] = (_, response) => response.writeHead(204).end();
    for (const path of ["/416", "/200", "/204"]) {
      const source = await open(path);
      expect(source.size).toBe(0);
      expect(await source.read(0, 0)).toEqual(new Uint8Array(0));
    }
  });

  test("headers and credentials are sent, and kept out of messages", async () => {
    handlers["/m"] = ranged(content);
    const { name } = await httpSource(`${origin.replace("//", "//user:p%40ss@")}/m?signature=secret#part`, { headers: { "x-mine": "1" } });
    expect(name).toBe(`${origin}/m`);
    expect(requests[0]?.url).toBe("/m?signature=secret");
    expect(requests[0]?.headers).toMatchObject({
      "x-mine": "1",
      authorization: `Basic ${btoa("user:p@ss")}`,
      "accept-encoding": "identity",
    });
    await httpSource(`${origin}/m`, { headers: { authorization: "Bearer token" } });
    expect(requests[1]?.headers.authorization).toBe("Bearer token");
  });

  test("redirects are followed, every time from the first address", async () => {
    handlers["/from"] = (_, response) => response.writeHead(302, { location: "/to" }).end();
    handlers["/to"] = ranged(content);
    const source = await open("/from");
    expect(await source.read(300_000, 10)).toEqual(content.slice(300_000, 300_010));
    expect(requests.map(({ url }) => url)).toEqual(["/from", "/to", "/from", "/to"]);
    expect(requests[3]?.range).toBe("bytes=300000-365535");
    await source.close();
  });

  test("another fetch can be handed in", async () => {
    handlers["/m"] = ranged(content);
    const asked: string[] = [];
    const source = await open("/m", {
      fetch: (input, init) => {
        asked.push(new Request(input).url);
        return fetch(input, init);
      },
    });
    expect(asked).toEqual([`${origin}/m`]);
    await source.close();
  });
});

describe("servers that are not as they should be", () => {
  test("no ranges: a small file is taken whole, with and without Content-Length", async () => {
    handlers["/known"] = (_, response) => response.writeHead(200, { "content-length": content.length }).end(content);
    handlers["/unknown"] = (_, response) => {
      response.writeHead(200);
      response.write(content.subarray(0, 1000));
      response.end(content.subarray(1000));
    };
    for (const path of ["/known", "/unknown"]) {
      const source = await open(path);
      expect(source.size).toBe(content.length);
      expect(await source.read(399_000, 1000)).toEqual(content.slice(399_000));
    }
    expect(requests.length).toBe(2);
  });

  test("no ranges: a large file is refused, with and without Content-Length", async () => {
    handlers["/known"] = (_, response) => response.writeHead(200, { "content-length": content.length }).end(content);
    handlers["/unknown"] = (_, response) => {
      response.writeHead(200);
      response.write(content.subarray(0, 1000));
      response.end(content.subarray(1000));
    };
    for (const path of ["/known", "/unknown"]) {
      await expect(open(path, { maxWholeBytes: 399_999 })).rejects.toMatchObject({
        code: "unsupported",
        message: expect.stringMatching(/Download the file first/),
      });
      await expect(open(path, { maxWholeBytes: 400_000 })).resolves.toMatchObject({ size: 400_000 });
    }
  });

  test("no size in Content-Range: asked for by HEAD", async () => {
    const good = ranged(content);
    const hidden: Handler = (request, response, attempt) => {
      const writeHead = response.writeHead.bind(response) as (status: number, headers: Record<string, unknown>) => ServerResponse;
      response.writeHead = ((status: number, headers: Record<string, unknown>) => {
        const { "content-range": _range, ...others } = headers;
        return writeHead(status, others);
      }) as typeof response.writeHead;
      good(request, response, attempt);
    };
    handlers["/hidden"] = hidden;
    const source = await open("/hidden");
    expect(source.size).toBe(content.length);
    expect(await source.read(200_000, 4)).toEqual(content.slice(200_000, 200_004));
    expect(requests.map(({ method }) => method)).toEqual(["GET", "HEAD", "GET"]);
    await source.close();

    handlers["/unknown"] = (request, response, attempt) => {
      if (request.method === "HEAD") response.writeHead(405).end();
      else hidden(request, response, attempt);
    };
    await expect(open("/unknown")).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/Access-Control-Expose-Headers/),
    });
  });

  test("shorter ranges than asked for: the rest is asked for too", async () => {
    const good = ranged(content);
    handlers["/m"] = (request, response, attempt) => {
      request.headers.range = request.headers.range?.replace(
        /(\d+)-(\d+)$/,
        (_, first: string, last: string) => `${first}-${Math.min(Number(last), Number(first) + 29_999)}`,
      );
      good(request, response, attempt);
    };
    const source = await open("/m", { readAhead: 100_000 });
    expect(await source.read(100_000, 100_000)).toEqual(content.slice(100_000, 200_000));
    expect(requests.map(({ range }) => range)).toEqual([
      "bytes=0-65535",
      "bytes=100000-199999",
      "bytes=130000-199999",
      "bytes=160000-199999",
      "bytes=190000-199999",
    ]);
    await source.close();
  });

  test("other bytes than asked for", async () => {
    handlers["/m"] = (request, response, attempt) => {
      request.headers.range = attempt === 1 ? request.headers.range : "bytes=0-99";
      ranged(content)(request, response, attempt);
    };
    const source = await open("/m");
    await expect(source.read(100_000, 10)).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/bytes from 0 when asked for those from 100000/),
    });
    await source.close();
  });

  test("compressed ranges", async () => {
    handlers["/m"] = (_, response) =>
      response.writeHead(206, { "content-encoding": "br", "content-range": "bytes 0-9/100" }).end(content.subarray(0, 10));
    await expect(open("/m")).rejects.toMatchObject({ code: "unsupported", message: expect.stringMatching(/compresses/) });
  });

  test("the whole file where there was a range before", async () => {
    handlers["/m"] = (request, response, attempt) => {
      if (attempt > 1) delete request.headers.range;
      ranged(content)(request, response, attempt);
    };
    const source = await open("/m");
    await expect(source.read(100_000, 10)).rejects.toMatchObject({ code: "unsupported" });
    await source.close();
  });
});

describe("a file that changes", () => {
  test.each<readonly [string, Handler, Handler]>([
    ["entity tag", ranged(content, { etag: '"1"' }), ranged(otherContent, { etag: '"2"' })],
    ["weak entity tag", ranged(content, { etag: 'W/"1"' }), ranged(otherContent, { etag: 'W/"2"' })],
    [
      "date",
      ranged(content, { "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" }),
      ranged(otherContent, { "last-modified": "Thu, 22 Oct 2015 07:28:00 GMT" }),
    ],
    ["size, larger", ranged(content, {}), ranged(new Uint8Array(400_001), {})],
    ["size, smaller than the range", ranged(content, {}), ranged(content.slice(0, 10), {})],
    ["whole file with another tag", ranged(content), (_, response) => response.writeHead(200, { etag: '"2"' }).end(otherContent)],
  ])("%s", async (_name, before, after) => {
    handlers["/m"] = before;
    const source = await open("/m");
    handlers["/m"] = after;
    await expect(source.read(100_000, 10)).rejects.toMatchObject({
      code: "source-changed",
      message: expect.stringMatching(/changed on the server/),
    });
    await source.close();
  });

  test("one tag under two dates is one version", async () => {
    handlers["/m"] = ranged(content, { etag: '"1"', "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" });
    const source = await open("/m");
    handlers["/m"] = ranged(content, { etag: '"1"', "last-modified": "Thu, 22 Oct 2015 07:28:00 GMT" });
    expect(await source.read(100_000, 10)).toEqual(content.slice(100_000, 100_010));
    await source.close();
  });

  test("a file that goes", async () => {
    handlers["/m"] = ranged(content);
    const source = await open("/m");
    handlers = {};
    await expect(source.read(100_000, 10)).rejects.toMatchObject({ code: "not-found" });
    await source.close();
  });
});

describe("failures", () => {
  test.each([
    [404, "not-found"],
    [410, "not-found"],
    [401, "permission-denied"],
    [403, "permission-denied"],
    [400, "network-failed"],
    [416, "network-failed"],
  ])("status %i at once", async (status, code) => {
    handlers["/m"] = (_, response) => response.writeHead(status, { "content-range": "bytes */77" }).end();
    await expect(open("/m?secret")).rejects.toMatchObject({ code, details: { status }, message: expect.not.stringContaining("secret") });
    expect(requests.length).toBe(1);
  });

  test.each([408, 429, 500, 502, 503])("status %i is tried again", async (status) => {
    handlers["/m"] = (request, response, attempt) => {
      if (attempt % 3 !== 0) response.writeHead(status, { "retry-after": "0" }).end("later");
      else ranged(content)(request, response, attempt);
    };
    const source = await open("/m");
    expect(await source.read(100_000, 10)).toEqual(content.slice(100_000, 100_010));
    expect(requests.length).toBe(6);
    await source.close();
  });

  test("but not for ever", async () => {
    handlers["/m"] = (_, response) => response.writeHead(503).end();
    await expect(open("/m", { retries: 2 })).rejects.toMatchObject({ code: "network-failed", details: { status: 503 } });
    expect(requests.length).toBe(3);
  });

  test("a connection that breaks is taken up where it broke", async () => {
    handlers["/m"] = (request, response, attempt) => {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
      if (attempt === 1) ranged(content)(request, response, attempt);
      else {
        const part = content.subarray(Number(first), Math.min(Number(last) + 1, content.length));
        response.writeHead(206, {
          etag: '"1"',
          "content-range": `bytes ${first}-${last}/${content.length}`,
          "content-length": part.length,
        });
        response.write(part.subarray(0, 40_000), () => {
          if (part.length > 40_000) setTimeout(() => response.destroy(), 20);
          else response.end();
        });
      }
    };
    const source = await open("/m", { readAhead: 100_000 });
    expect(Buffer.compare(await source.read(100_000, 120_000), content.subarray(100_000, 220_000))).toBe(0);
    expect(requests.map(({ range }) => range)).toEqual([
      "bytes=0-65535",
      "bytes=100000-219999",
      "bytes=140000-219999",
      "bytes=180000-219999",
    ]);
    await source.close();
  });

  test.each(["ftp://host/m", "file:///m", "no address", ""])("%j is no address", async (url) => {
    await expect(httpSource(url)).rejects.toMatchObject({ code: "argument-invalid" });
  });
});

describe("interruption", () => {
  const hanging: Handler = (request, response, attempt) => {
    if (attempt === 1) ranged(content)(request, response, attempt);
  };

  test("of the opening", async () => {
    const stop = new AbortController();
    handlers["/m"] = () => stop.abort(new Error("enough"));
    const opening = open("/m", { signal: stop.signal });
    await expect(opening).rejects.toMatchObject({ code: "aborted", cause: expect.objectContaining({ message: "enough" }) });
    await expect(open("/m", { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect(requests.length).toBe(1);
  });

  test("of one read, after which others go on", async () => {
    handlers["/m"] = hanging;
    const source = await open("/m");
    const stop = new AbortController();
    const reading = source.read(100_000, 10, { signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    handlers["/m"] = ranged(content);
    expect(await source.read(100_000, 10)).toEqual(content.slice(100_000, 100_010));
    await source.close();
  });

  test("of the pause before another attempt", async () => {
    const stop = new AbortController();
    // It comes a moment later than the answer.
    handlers["/m"] = (_, response) => response.writeHead(503).end(() => setTimeout(() => stop.abort(), 20));
    const opening = open("/m", { signal: stop.signal, retryDelay: 1_000_000 });
    await expect(opening).rejects.toMatchObject({ code: "aborted" });
    expect(requests.length).toBe(1);
  });

  test("by closing", async () => {
    handlers["/m"] = hanging;
    const source = await open("/m");
    const reading = source.read(100_000, 10);
    setTimeout(() => source.close(), 20);
    await expect(reading).rejects.toMatchObject({ code: "closed" });
  });
});

describe("httpFileSet", () => {
  const text = async (set: ReturnType<typeof httpFileSet>, fileName: string): Promise<string | undefined> => {
    const source = await set.resolve(fileName);
    if (source === undefined) return undefined;
    const bytes = await source.read(0, source.size);
    await source.close();
    return new TextDecoder().decode(bytes);
  };
  const file = (body: string): Handler => ranged(new TextEncoder().encode(body), {});

  test("finds siblings, and the file itself, under the same query", async () => {
    handlers["/a%20b/model.bin"] = file("weights");
    handlers["/a%20b/config.json"] = file("config");
    handlers["/a%20b/b%20%23c%3F"] = file("odd");
    const set = httpFileSet(`${origin}/a%20b/model.bin?revision=2#x`);
    expect(set.name).toBe(`${origin}/a%20b/`);
    expect(await text(set, "model.bin")).toBe("weights");
    expect(await text(set, "config.json")).toBe("config");
    expect(await text(set, "b #c?")).toBe("odd");
    expect(await text(set, "vocab.json")).toBeUndefined();
    expect(requests.map(({ url }) => url)).toEqual([
      "/a%20b/model.bin?revision=2",
      "/a%20b/config.json?revision=2",
      "/a%20b/b%20%23c%3F?revision=2",
      "/a%20b/vocab.json?revision=2",
    ]);
    expect(await text(httpFileSet(`${origin}/a%20b/`), "config.json")).toBe("config");
    expect("list" in set).toBe(false);
  });

  test("takes 403 and HTML pages of siblings for missing, not of the file itself", async () => {
    handlers["/m/model.bin"] = (_, response) => response.writeHead(403).end();
    handlers["/m/config.json"] = (_, response) => response.writeHead(403).end();
    handlers["/m/vocab.json"] = (_, response) =>
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<!DOCTYPE html>");
    handlers["/m/secret.json"] = (_, response) => response.writeHead(401).end();
    const set = httpFileSet(`${origin}/m/model.bin`);
    expect(await text(set, "config.json")).toBeUndefined();
    expect(await text(set, "vocab.json")).toBeUndefined();
    await expect(set.resolve("model.bin")).rejects.toMatchObject({ code: "permission-denied" });
    await expect(set.resolve("secret.json")).rejects.toMatchObject({ code: "permission-denied" });
    expect(await text(httpFileSet(`${origin}/m/vocab.json`), "vocab.json")).toBe("<!DOCTYPE html>");
  });

  test.each(["../config.json", "/etc/passwd", "http://elsewhere/x", "..", "a\\b"])("refuses the name %j", async (name) => {
    await expect(httpFileSet(`${origin}/m/model.bin`).resolve(name)).rejects.toMatchObject({ code: "unsupported" });
    expect(requests.length).toBe(0);
  });

  test("other failures are not taken for missing files", async () => {
    handlers["/m/config.json"] = (_, response) => response.writeHead(500).end();
    await expect(httpFileSet(`${origin}/m/model.bin`, { retries: 0 }).resolve("config.json")).rejects.toMatchObject({
      code: "network-failed",
    });
  });
});
