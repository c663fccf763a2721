import { LongspanError } from "../errors/longspan-error.ts";
import type { ByteSource } from "./byte-source.ts";
import { bytesSource } from "./bytes-source.ts";
import { checkRange } from "./check-range.ts";
import { readBody, readWhole } from "./http-body.ts";
import { type HttpClient, closedError, httpClient, minProgress } from "./http-client.ts";
import {
  cancelBody,
  type HttpVersion,
  checkVersion,
  contentLength,
  parseContentRange,
  rangeProblem,
  statusError,
  versionOf,
} from "./http-response.ts";
import { checkHttpOptions, type HttpSourceOptions } from "./http-options.ts";
import { httpUrl, urlForMessages } from "./http-url.ts";
import { readAhead, minWindow } from "./read-ahead.ts";
import { TransientFailure } from "./transient-failure.ts";

/**
 * A URL, read by range requests (RFC 9110, 14). Opening it is one request, which brings the first 64 KiB along.
 *
 * That all parts are of one version is seen by comparing entity tag (or modification date) and size of every answer. Conditional headers would say the same,
 * but make browsers ask permission first (CORS).
 *
 * @throws LongspanError `not-found`, `permission-denied`, `network-failed`, `aborted`; `unsupported` when the server sends no ranges and the file is large
 */
export async function httpSource(url: string | URL, options: HttpSourceOptions = {}): Promise<ByteSource> {
  checkHttpOptions(options, "httpSource");
  return (await openHttpSource(httpUrl(url), options)).source;
}

/** What the first answer says beside the source. */
export async function openHttpSource(
  url: URL,
  options: HttpSourceOptions,
  signal?: AbortSignal,
): Promise<{ readonly source: ByteSource; readonly contentType: string }> {
  const name = urlForMessages(url);
  const client = httpClient(url, name, options);
  try {
    const opened = await client.persist((any) => open(client, name, options, any), signal);
    const checkUnchanged: NonNullable<ByteSource["checkUnchanged"]> = async (given) => {
      // Also of a source that is closed, as is its client.
      const asking = httpClient(url, name, options);
      await asking.persist((any) => compareVersion(asking, name, opened.version, any), given?.signal);
    };
    const { contentType } = opened;
    const source = opened.whole
      ? wholeSource(name, opened.head, checkUnchanged)
      : rangedSource(name, client, opened, options, checkUnchanged);
    return { source: { ...source, ...(contentType === "" ? {} : { mediaType: contentType }) }, contentType };
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
  const response = await client.request("GET", rangeHeader(0, minWindow), signal);
  const contentType = response.headers.get("content-type") ?? "";
  if (response.status === 206) {
    const problem = rangeProblem(response, 0);
    if (problem !== undefined) throw await refuse(response, name, problem);
    const range = parseContentRange(response);
    const size = range?.size ?? (await sizeByHead(client, signal));
    if (size === undefined) {
      throw await refuse(
        response,
        name,
        "it does not tell the size of the file (in a browser: Access-Control-Expose-Headers must name Content-Range)",
      );
    }
    const head = new Uint8Array(Math.min(minWindow, size, range?.end ?? size));
    const filled = await readBody(client, response, head, signal);
    const version = versionOf(response, size);
    return { version, contentType, head: head.subarray(0, filled), whole: filled === size };
  }
  // Of no bytes, not even the first can be had.
  if (response.status === 416) {
    await cancelBody(response);
    if ((parseContentRange(response)?.size ?? 0) !== 0) throw statusError(name, response);
    return { version: versionOf(response, 0), contentType, head: new Uint8Array(0), whole: true };
  }
  if (!response.ok) {
    await cancelBody(response);
    throw statusError(name, response);
  }
  const maximum = options.maxWholeBytes ?? 64 * 2 ** 20;
  const head = await readWhole(client, response, maximum, signal);
  if (head === undefined)
    throw await refuse(response, name, `it does not send ranges, and the file has more than ${maximum} bytes (options.maxWholeBytes)`);
  return { version: versionOf(response, head.length), contentType, head, whole: true };
}

async function sizeByHead(client: HttpClient, signal: AbortSignal): Promise<number | undefined> {
  const response = await client.request("HEAD", { "accept-encoding": "identity" }, signal);
  await cancelBody(response);
  return response.ok ? contentLength(response) : undefined;
}

async function refuse(response: Response, name: string, problem: string): Promise<LongspanError> {
  await cancelBody(response);
  return new LongspanError("unsupported", `${name} cannot be read in parts from this server: ${problem}. Download the file first.`, {
    details: { source: name, status: response.status },
  });
}

/** Asks for one byte, and goes by what is said of all of them. */
async function compareVersion(client: HttpClient, name: string, version: HttpVersion, signal: AbortSignal): Promise<void> {
  const response = await client.request("GET", rangeHeader(0, 1), signal);
  await cancelBody(response);
  const { status } = response;
  if (status === 404 || status === 410) {
    throw new LongspanError("source-changed", `${name} was removed from the server while it was read. Start again.`, {
      details: { source: name, status },
    });
  }
  if (status !== 416 && !response.ok) throw statusError(name, response);
  const size = status === 200 ? contentLength(response) : parseContentRange(response)?.size;
  checkVersion(name, version, versionOf(response, size ?? version.size));
}

function wholeSource(name: string, bytes: Uint8Array, checkUnchanged: NonNullable<ByteSource["checkUnchanged"]>): ByteSource {
  // Not kept longer than it is open: what asks for changes may be kept after that.
  let source: ByteSource | undefined = bytesSource(bytes, name);
  return {
    name,
    size: bytes.byteLength,
    async read(offset, length, options) {
      if (source === undefined) throw closedError(name);
      return source.read(offset, length, options);
    },
    checkUnchanged,
    async close() {
      source = undefined;
    },
  };
}

function rangedSource(
  name: string,
  client: HttpClient,
  { version, head }: Opened,
  options: HttpSourceOptions,
  checkUnchanged: NonNullable<ByteSource["checkUnchanged"]>,
): ByteSource {
  const { size } = version;
  let closed = false;
  const ahead = readAhead(size, options.readAhead ?? 8 * 2 ** 20, head, (offset, target, signal) => {
    let filled = 0;
    const attempt = async (any: AbortSignal): Promise<void> => {
      while (filled < target.length) {
        try {
          filled += await requestRange(client, name, version, offset + filled, target.subarray(filled), any);
        } catch (error) {
          if (error instanceof TransientFailure) filled += error.came;
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
    checkUnchanged,
    async close() {
      closed = true;
      ahead.clear();
      client.close();
    },
  };
  return source;
}

/** One range request. @returns how many bytes came: all of them, or enough to ask for the rest. */
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
    const problem = rangeProblem(response, offset);
    if (problem !== undefined) throw await refuse(response, name, problem);
  } catch (error) {
    await cancelBody(response);
    throw error;
  }
  // Of more than it says that it sends, nobody knows what it is.
  const wanted = target.subarray(0, (range?.end ?? offset + target.length) - offset);
  const came = await readBody(client, response, wanted, signal);
  if (came === target.length || came >= minProgress) return came;
  throw new TransientFailure(`the server sent ${came} of the ${target.length} bytes that were asked for`, { came });
}
