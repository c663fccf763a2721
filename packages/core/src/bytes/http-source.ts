import { LongspanError } from "../errors/longspan-error.ts";
import type { ByteSource } from "./byte-source.ts";
import { bytesSource } from "./bytes-source.ts";
import { checkRange } from "./check-range.ts";
import { type HttpClient, type HttpOptions, TransientFailure, closedError, httpClient } from "./http-client.ts";
import {
  type HttpVersion,
  checkVersion,
  contentLength,
  httpUrl,
  isCompressed,
  parseContentRange,
  statusError,
  urlForMessages,
  versionOf,
} from "./http-response.ts";
import { readAhead, smallestWindow } from "./read-ahead.ts";

export interface HttpSourceOptions extends HttpOptions {
  /** Largest number of bytes fetched ahead where reading goes on and on. Default 8 MiB; three such windows are kept. */
  readonly readAhead?: number | undefined;
  /** A server that cannot send ranges sends the whole file; up to this many bytes it is kept in memory, beyond that refused. Default 64 MiB. */
  readonly maximumWholeBytes?: number | undefined;
}

/**
 * A URL, read by range requests (RFC 9110, 14). Opening it is one request, which brings the first 64 KiB along.
 *
 * That all parts are of one version is seen by comparing entity tag (or modification date) and size of every answer. Conditional headers would say the same,
 * but make browsers ask permission first (CORS).
 *
 * @throws LongspanError `not-found`, `permission-denied`, `network-failed`, `aborted`; `unsupported` when the server sends no ranges and the file is large
 */
export async function httpSource(url: string | URL, options: HttpSourceOptions = {}): Promise<ByteSource> {
  return (await openHttpSource(httpUrl(url), options)).source;
}

/** What the first answer says beside the source. */
export async function openHttpSource(
  url: URL,
  options: HttpSourceOptions,
): Promise<{ readonly source: ByteSource; readonly contentType: string }> {
  const name = urlForMessages(url);
  const client = httpClient(url, name, options);
  try {
    const opened = await client.persist((signal) => open(client, name, options, signal), undefined);
    return {
      source: opened.whole ? wholeSource(name, opened.head) : rangedSource(name, client, opened, options),
      contentType: opened.contentType,
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

interface Opened {
  readonly version: HttpVersion;
  readonly contentType: string;
  /** The first bytes; all of them when `whole`. */
  readonly head: Uint8Array;
  readonly whole: boolean;
}

/** fetch adds that no compressed representation is wanted, of which a range would be of no use (Fetch Standard, "HTTP-network-or-cache fetch"). */
function rangeHeader(first: number, end: number): { readonly range: string } {
  return { range: `bytes=${first}-${end - 1}` };
}

async function open(client: HttpClient, name: string, options: HttpSourceOptions, signal: AbortSignal): Promise<Opened> {
  const response = await client.request("GET", rangeHeader(0, smallestWindow), signal);
  const contentType = response.headers.get("content-type") ?? "";
  if (response.status === 206) {
    if (isCompressed(response)) throw await refuse(response, name, "it compresses the ranges it sends");
    const range = parseContentRange(response);
    if (range?.first !== undefined && range.first !== 0)
      throw await refuse(response, name, `it sends bytes from ${range.first} when asked for the first`);
    const size = range?.size ?? (await sizeByHead(client, signal));
    if (size === undefined) {
      throw await refuse(
        response,
        name,
        "it does not tell the size of the file (in a browser: Access-Control-Expose-Headers must name Content-Range)",
      );
    }
    const head = new Uint8Array(Math.min(smallestWindow, size));
    const filled = await readBody(response, head);
    const version = versionOf(response, size);
    return { version, contentType, head: head.subarray(0, filled), whole: filled === size };
  }
  // Of no bytes, not even the first can be had.
  if (response.status === 416) {
    await response.body?.cancel();
    if ((parseContentRange(response)?.size ?? 0) !== 0) throw statusError(name, response);
    return { version: versionOf(response, 0), contentType, head: new Uint8Array(0), whole: true };
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw statusError(name, response);
  }
  const head = await readWhole(response, name, options.maximumWholeBytes ?? 64 * 2 ** 20);
  return { version: versionOf(response, head.length), contentType, head, whole: true };
}

async function sizeByHead(client: HttpClient, signal: AbortSignal): Promise<number | undefined> {
  const response = await client.request("HEAD", { "accept-encoding": "identity" }, signal);
  await response.body?.cancel();
  return response.ok ? contentLength(response) : undefined;
}

async function refuse(response: Response, name: string, problem: string): Promise<LongspanError> {
  await response.body?.cancel();
  return new LongspanError("unsupported", `${name} cannot be read in parts from this server: ${problem}. Download the file first.`, {
    details: { source: name, status: response.status },
  });
}

/** Fills `target` from the body. @returns how many bytes came; more than fit are not read. */
async function readBody(response: Response, target: Uint8Array): Promise<number> {
  if (response.body === null) return 0;
  const reader = response.body.getReader();
  let filled = 0;
  try {
    while (filled < target.length) {
      const { done, value } = await reader.read();
      if (done) break;
      const fitting = value.subarray(0, target.length - filled);
      target.set(fitting, filled);
      filled += fitting.length;
    }
  } catch (error) {
    throw new InterruptedBody(filled, error);
  }
  await reader.cancel().catch(() => {});
  return filled;
}

/** The connection broke; what had come is in place. */
class InterruptedBody extends TransientFailure {
  readonly filled: number;
  constructor(filled: number, cause: unknown) {
    super("the connection broke while the file was read", cause);
    this.filled = filled;
  }
}

async function readWhole(response: Response, name: string, maximum: number): Promise<Uint8Array> {
  const declared = contentLength(response);
  const problem = `it does not send ranges, and the file has more than ${maximum} bytes (options.maximumWholeBytes)`;
  if (declared !== undefined && declared > maximum) throw await refuse(response, name, problem);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > maximum) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new TransientFailure("the connection broke while the file was read", error);
  }
  if (length > maximum) throw await refuse(response, name, problem);
  if (declared !== undefined && declared !== length) throw new TransientFailure(`${length} of ${declared} bytes came`, undefined);
  const whole = new Uint8Array(length);
  let position = 0;
  for (const chunk of chunks) {
    whole.set(chunk, position);
    position += chunk.length;
  }
  return whole;
}

function wholeSource(name: string, bytes: Uint8Array): ByteSource {
  const source = bytesSource(bytes, name);
  let closed = false;
  return {
    ...source,
    async read(offset, length, options) {
      if (closed) throw closedError(name);
      return source.read(offset, length, options);
    },
    async close() {
      closed = true;
    },
  };
}

function rangedSource(name: string, client: HttpClient, { version, head }: Opened, options: HttpSourceOptions): ByteSource {
  const { size } = version;
  let closed = false;
  const ahead = readAhead(size, options.readAhead ?? 8 * 2 ** 20, head, (offset, target, signal) => {
    let filled = 0;
    const attempt = async (any: AbortSignal): Promise<void> => {
      while (filled < target.length) {
        try {
          filled += await requestRange(client, name, version, offset + filled, target.subarray(filled), any);
        } catch (error) {
          if (error instanceof InterruptedBody) filled += error.filled;
          throw error;
        }
      }
    };
    return client.persist(attempt, signal);
  });
  const source: ByteSource = {
    name,
    size,
    async read(offset, length, readOptions = {}) {
      if (closed) throw closedError(name);
      checkRange(source, offset, length);
      return ahead.read(offset, length, readOptions);
    },
    async close() {
      closed = true;
      ahead.clear();
      client.close();
    },
  };
  return source;
}

/** One range request. @returns how many bytes came, at least one. */
async function requestRange(
  client: HttpClient,
  name: string,
  version: HttpVersion,
  offset: number,
  target: Uint8Array,
  signal: AbortSignal,
): Promise<number> {
  const response = await client.request("GET", rangeHeader(offset, offset + target.length), signal);
  const range = parseContentRange(response);
  try {
    if (response.status === 206 || response.status === 416) checkVersion(name, version, versionOf(response, range?.size ?? version.size));
    if (response.status === 200) {
      checkVersion(name, version, versionOf(response, contentLength(response) ?? version.size));
      throw await refuse(response, name, "it sent a range before, and now the whole file");
    }
    if (response.status !== 206) throw statusError(name, response);
    if (range?.first !== undefined && range.first !== offset)
      throw await refuse(response, name, `it sends bytes from ${range.first} when asked for those from ${offset}`);
    if (isCompressed(response)) throw await refuse(response, name, "it compresses the ranges it sends");
  } catch (error) {
    await response.body?.cancel().catch(() => {});
    throw error;
  }
  const filled = await readBody(response, target);
  if (filled === 0) throw new TransientFailure("the server sent no bytes", undefined);
  return filled;
}
