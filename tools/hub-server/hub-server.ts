import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A repository of the test's hub. */
export interface ServedRepository {
  readonly commit: string;
  /** By path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Only with this token. */
  readonly gated?: string;
}

export interface HubServer {
  readonly endpoint: string;
  /** Method and path of every request so far. */
  readonly requests: string[];
  /** Answers of the store of large files end after so many bytes, once for each number. */
  cutAfter(...bytes: readonly number[]): void;
  close(): Promise<void>;
}

/** Files from this size on are kept as large files are: named by SHA-256, and answered with a redirect to another host's store. */
const largeBytes = 4096;

const sha1 = (bytes: Uint8Array): string => createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The hub's routes, as far as its clients use them for models: `/api/models/…/revision`, `…/tree`, `/OWNER/NAME/resolve/REVISION/PATH`, redirects and ranges. */
export async function hubServer(repositories: Readonly<Record<string, ServedRepository>>): Promise<HubServer> {
  const requests: string[] = [];
  const cuts: number[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response, repositories, cuts);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    requests,
    cutAfter: (...bytes) => void cuts.push(...bytes),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  repositories: Readonly<Record<string, ServedRepository>>,
  cuts: number[],
): void {
  const path = decodeURIComponent(new URL(request.url ?? "/", "http://hub").pathname);
  const stored = /^\/store\/([^/]+\/[^/]+)\/(.*)$/.exec(path);
  if (stored !== null) {
    // What the store gets must not carry the token.
    if (request.headers.authorization !== undefined) return refuse(response, 400, "TokenLeaked");
    const bytes = repositories[stored[1] ?? ""]?.files.get(stored[2] ?? "");
    return bytes === undefined ? refuse(response, 404, "EntryNotFound") : send(request, response, bytes, {}, cuts);
  }
  const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(path);
  const resolve = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.*)$/.exec(path);
  const repository = repositories[api?.[1] ?? resolve?.[1] ?? ""];
  if (repository === undefined) return refuse(response, 401, "RepoNotFound");
  if (repository.gated !== undefined && request.headers.authorization !== `Bearer ${repository.gated}`)
    return refuse(response, 403, "GatedRepo");
  const revision = api?.[3] ?? resolve?.[2] ?? "";
  if (revision !== "main" && revision !== "v1" && revision !== repository.commit) return refuse(response, 404, "RevisionNotFound");
  if (api !== null) return sendJson(response, api[2] === "tree" ? treeOf(repository) : infoOf(api[1] ?? "", repository));
  const file = resolve?.[3] ?? "";
  const bytes = repository.files.get(file);
  if (bytes === undefined) return refuse(response, 404, "EntryNotFound", { "x-repo-commit": repository.commit });
  const isLarge = bytes.byteLength >= largeBytes;
  const headers = {
    "x-repo-commit": repository.commit,
    etag: `"${isLarge ? sha256(bytes) : sha1(bytes)}"`,
    ...(isLarge ? { "x-linked-etag": `"${sha256(bytes)}"`, "x-linked-size": String(bytes.byteLength) } : {}),
  };
  if (!isLarge) return send(request, response, bytes, headers, []);
  const port = String(request.headers.host).split(":")[1];
  // Another name of this machine: another host.
  response.writeHead(302, { ...headers, location: `http://localhost:${port}/store/${resolve?.[1]}/${file}` }).end();
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>>,
  cuts: number[],
): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const first = Number(range?.[1] ?? 0);
  const last = Math.min(range?.[2] === undefined || range[2] === "" ? Infinity : Number(range[2]), bytes.byteLength - 1);
  const part = bytes.subarray(first, last + 1);
  const common = { etag: `"${sha256(bytes)}"`, ...headers, "accept-ranges": "bytes", "content-length": String(part.byteLength) };
  if (range === null) response.writeHead(200, common);
  else response.writeHead(206, { ...common, "content-range": `bytes ${first}-${last}/${bytes.byteLength}` });
  if (request.method === "HEAD") return void response.end();
  const cut = cuts.shift();
  if (cut === undefined || cut >= part.byteLength) return void response.end(part);
  response.write(part.subarray(0, cut), () => response.destroy());
}

function infoOf(name: string, { commit, gated }: ServedRepository): object {
  return {
    _id: "1",
    id: name,
    sha: commit,
    private: false,
    gated: gated !== undefined,
    downloads: 0,
    likes: 0,
    lastModified: "2026-01-01T00:00:00Z",
    siblings: [],
  };
}

function treeOf({ files }: ServedRepository): object[] {
  return [...files].map(([path, bytes]) => {
    const entry = { type: "file", path, size: bytes.byteLength, oid: sha1(bytes) };
    return bytes.byteLength < largeBytes ? entry : { ...entry, lfs: { oid: sha256(bytes), size: bytes.byteLength, pointerSize: 130 } };
  });
}

function sendJson(response: ServerResponse, content: object): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(content));
}

function refuse(response: ServerResponse, status: number, code: string, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(status, { "x-error-code": code, "content-type": "application/json", ...headers }).end(JSON.stringify({ error: code }));
}
