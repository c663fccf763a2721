import { LongspanError } from "../errors/longspan-error.ts";

/** What tells one version of a resource from another; a header that is missing (or hidden by the server's CORS rules) tells nothing. */
export interface HttpVersion {
  readonly entityTag: string | null;
  readonly lastModified: string | null;
  readonly size: number;
}

export interface ContentRange {
  readonly first: number | undefined;
  /** The one after the last byte. */
  readonly end: number | undefined;
  readonly size: number | undefined;
}

/** `Content-Range: bytes first-last/size`, `bytes *\/size` (RFC 9110, 14.4); undefined where the header is missing or is not of that form. */
export function parseContentRange(response: Response): ContentRange | undefined {
  const match = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15}|\*)$/i.exec(response.headers.get("content-range")?.trim() ?? "");
  if (match === null) return undefined;
  const [, first, last, size] = match;
  return {
    first: first === undefined ? undefined : Number(first),
    end: last === undefined ? undefined : Number(last) + 1,
    size: size === undefined || size === "*" ? undefined : Number(size),
  };
}

/** What is wrong with a 206 answer to a question for bytes from `offset`; undefined where its bytes are what was asked for, or fewer. */
export function rangeProblem(response: Response, offset: number): string | undefined {
  if (isCompressed(response)) return "it compresses the ranges it sends";
  if (/^\s*multipart\//i.test(response.headers.get("content-type") ?? "")) return "it sends ranges in several parts";
  const header = response.headers.get("content-range");
  // A browser may hide it: CORS.
  if (header === null) return undefined;
  const { first, end, size } = parseContentRange(response) ?? {};
  if (first === undefined || end === undefined || end <= first || (size !== undefined && end > size))
    return `it says that it sends the range ${JSON.stringify(header.slice(0, 100))}`;
  return first === offset ? undefined : `it sends bytes from ${first} when asked for those from ${offset}`;
}

/** Milliseconds from now that `Retry-After` asks for, as seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfter(response: Response): number | undefined {
  const text = response.headers.get("retry-after")?.trim() ?? "";
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** `Content-Length` of a body that is not compressed on the way. */
export function contentLength(response: Response): number | undefined {
  const text = response.headers.get("content-length");
  return text === null || isCompressed(response) || !/^\d{1,16}$/.test(text) ? undefined : Number(text);
}

function isCompressed(response: Response): boolean {
  const encoding = response.headers.get("content-encoding");
  return encoding !== null && encoding.toLowerCase() !== "identity";
}

export function versionOf(response: Response, size: number): HttpVersion {
  return { entityTag: response.headers.get("etag"), lastModified: response.headers.get("last-modified"), size };
}

/** @throws LongspanError `source-changed` */
export function checkVersion(name: string, before: HttpVersion, now: HttpVersion): void {
  const differs = (one: string | null, other: string | null): boolean => one !== null && other !== null && one !== other;
  // An entity tag decides alone: the date of one version can differ between the machines of one service.
  const bothTagged = before.entityTag !== null && now.entityTag !== null;
  const changed =
    before.size !== now.size || (bothTagged ? before.entityTag !== now.entityTag : differs(before.lastModified, now.lastModified));
  if (!changed) return;
  throw new LongspanError("source-changed", `${name} changed on the server while it was read. Start again.`, {
    details: { source: name, before: { ...before }, now: { ...now } },
  });
}

/** The error for a status that is no success and will not become one. */
export function statusError(name: string, response: Response): LongspanError {
  const { status, statusText } = response;
  const details = { source: name, status };
  const found = `the server answered ${status}${statusText === "" ? "" : ` ${statusText}`}`;
  if (status === 404 || status === 410) return new LongspanError("not-found", `${name} does not exist: ${found}.`, { details });
  if (status === 401 || status === 403 || status === 407) {
    return new LongspanError(
      "permission-denied",
      `${name} may not be read: ${found}. Pass credentials in headers, or a URL that carries them.`,
      { details },
    );
  }
  return new LongspanError("network-failed", `${name} could not be read: ${found}.`, { details });
}

/** Ends an answer that nobody wants; never fails. */
export async function cancelBody(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {});
}
