import { LongspanError } from "../errors/longspan-error.ts";

/** What tells one version of a resource from another; a header that is missing (or hidden by the server's CORS rules) tells nothing. */
export interface HttpVersion {
  readonly entityTag: string | null;
  readonly lastModified: string | null;
  readonly size: number;
}

/** `Content-Range: bytes first-last/size`, `bytes *\/size` (RFC 9110, 14.4); undefined where the header is missing or is not of that form. */
export function parseContentRange(
  response: Response,
): { readonly first: number | undefined; readonly size: number | undefined } | undefined {
  const match = /^bytes (?:(\d{1,16})-\d{1,16}|\*)\/(\d{1,16}|\*)$/i.exec(response.headers.get("content-range")?.trim() ?? "");
  if (match === null) return undefined;
  const [, first, size] = match;
  return { first: first === undefined ? undefined : Number(first), size: size === undefined || size === "*" ? undefined : Number(size) };
}

/** `Content-Length` of a body that is not compressed on the way. */
export function contentLength(response: Response): number | undefined {
  const text = response.headers.get("content-length");
  return text === null || isCompressed(response) || !/^\d{1,16}$/.test(text) ? undefined : Number(text);
}

export function isCompressed(response: Response): boolean {
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

/** Host and path of a URL: its user, password and query may be secrets and stay out of messages. */
export function urlForMessages(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/**
 * In a page, relative addresses are the page's.
 * @throws LongspanError `argument-invalid` for what is not an address of HTTP
 */
export function httpUrl(url: string | URL): URL {
  const base = "document" in globalThis ? globalThis.document.baseURI : undefined;
  const parsed = URL.canParse(url, base) ? new URL(url, base) : undefined;
  if (parsed?.protocol === "http:" || parsed?.protocol === "https:") return parsed;
  throw new LongspanError("argument-invalid", `${JSON.stringify(String(url))} is not an http or https URL.`, {
    details: { url: String(url) },
  });
}
