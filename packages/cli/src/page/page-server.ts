import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { LongspanError } from "@longspan/core";

/** What is served, and where. */
export interface PageServerOptions {
  /** Where the built page lies. */
  readonly folder: string;
  /** Other folders, by the first segment of their addresses: `ort` for onnxruntime-web's. */
  readonly mounted?: Readonly<Record<string, string>> | undefined;
  /** 0: any that is free. */
  readonly port: number;
  /** Origins that the page may connect to besides those of its own policy. */
  readonly connect?: readonly string[] | undefined;
}

/** A server that runs until it is closed. */
export interface PageServer {
  /** `http://127.0.0.1:4711/` */
  readonly url: string;
  /** Ends it: open connections are closed, too. */
  close(): Promise<void>;
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

const policyOfPage = /<meta http-equiv="Content-Security-Policy" content="([^"]*)"/;

/**
 * Serves the built page to this machine alone (127.0.0.1), with its own Content-Security-Policy as a header, too, and isolated from other
 * origins, so that WebAssembly may use threads.
 * @throws LongspanError `not-found` where the page has not been built; `argument-invalid` for an origin that is none; `io-failed` for a port that
 * is taken.
 */
export async function servePage({ folder, mounted = {}, port, connect = [] }: PageServerOptions): Promise<PageServer> {
  const allowed = connect.map(originOf);
  const html = await readFile(join(folder, "index.html"), "utf8").catch((cause: unknown) => {
    throw new LongspanError("not-found", `The page is not in ${folder}. Install longspan again; in its repository, run npm run build.`, {
      cause,
    });
  });
  const own = policyOfPage.exec(html)?.[1] ?? "";
  const policy = own.replace(/connect-src [^;]*/, (directive) => [directive, ...allowed].join(" "));
  const index = html.replace(own, policy);
  const server = createServer((request, response) => {
    answer(request, response, { folder, mounted, index, policy }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) =>
      reject(
        new LongspanError(
          "io-failed",
          cause.code === "EADDRINUSE"
            ? `Port ${port} is taken by another program, or by another longspan page. Say another one with --port.`
            : `The page cannot be served on port ${port}: ${cause.message}`,
          { cause, details: { port } },
        ),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new LongspanError("argument-invalid", `--connect ${JSON.stringify(text)} is no origin, such as https://models.example.`, {
      details: { option: "connect", value: text },
    });
  }
  return url.origin;
}

interface Served {
  readonly folder: string;
  readonly mounted: Readonly<Record<string, string>>;
  readonly index: string;
  readonly policy: string;
}

async function answer(request: IncomingMessage, response: ServerResponse, { folder, mounted, index, policy }: Served): Promise<void> {
  const headers = {
    "content-security-policy": policy,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
  };
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(response, 405, headers);
  const path = decoded((request.url ?? "/").split("?", 1)[0] ?? "/");
  if (path === "/" || path === "/index.html") {
    response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8", "content-length": Buffer.byteLength(index) });
    response.end(request.method === "HEAD" ? undefined : index);
    return undefined;
  }
  const file = path === undefined ? undefined : fileOf(path, folder, mounted);
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || found?.isFile() !== true) return refuse(response, 404, headers);
  const range = rangeOf(request.headers.range, found.size);
  const { first, last } = range ?? { first: 0, last: found.size - 1 };
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    "content-type": mediaTypes[extname(file)] ?? "application/octet-stream",
    "content-length": last + 1 - first,
    "accept-ranges": "bytes",
    etag: `"${found.size.toString(36)}-${Math.trunc(found.mtimeMs).toString(36)}"`,
    ...(range === undefined ? {} : { "content-range": `bytes ${first}-${last}/${found.size}` }),
  });
  if (request.method === "HEAD" || found.size === 0) response.end();
  // A file that cannot be opened or read any more ends its answer, and not the server.
  else await pipeline(createReadStream(file, { start: first, end: last }), response);
  return undefined;
}

function refuse(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { ...headers, "content-type": "text/plain", "content-length": 0 });
  response.end();
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** A file inside one of the folders; undefined for a path that leaves it. */
function fileOf(path: string, folder: string, mounted: Readonly<Record<string, string>>): string | undefined {
  const [first = "", ...rest] = path.split("/").slice(1);
  const under = Object.hasOwn(mounted, first) ? mounted[first] : undefined;
  const inside = normalize(under === undefined ? path.slice(1) : rest.join("/"));
  if (inside.startsWith("..") || inside.includes("\0") || inside.startsWith(sep)) return undefined;
  return join(under ?? folder, inside);
}

function rangeOf(header: string | undefined, size: number): { readonly first: number; readonly last: number } | undefined {
  const found = /^bytes=(\d+)-(\d*)$/.exec(header ?? "");
  if (found === null) return undefined;
  const first = Number(found[1]);
  const last = Math.min(found[2] === "" ? Infinity : Number(found[2]), size - 1);
  return first > last ? undefined : { first, last };
}
