import { LongspanError } from "../errors/longspan-error.ts";

/** Host and path of a URL: its user, password and query may be secrets and stay out of messages. */
export function urlForMessages(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** A URL's file name, decoded where it can be; "" for a folder. */
export function lastSegment({ pathname }: URL): string {
  const segment = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
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
