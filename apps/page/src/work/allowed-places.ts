import { PageFailure } from "../protocol/problem.ts";

let sources: readonly string[] = [];

/** What the page's Content-Security-Policy lets it connect to, so that a refusal can be told before the browser's "failed to fetch". */
export function allowPlaces(connectSources: readonly string[]): void {
  sources = connectSources;
}

/** @throws PageFailure `address-scheme` for an address that is none of the web; `address-not-allowed` for one that the page's policy forbids. */
export function checkAllowed(url: URL): void {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new PageFailure({ code: "address-scheme", message: "", about: url.href });
  }
  if (sources.some((source) => allows(source, url))) return;
  throw new PageFailure({ code: "address-not-allowed", message: "", about: url.origin });
}

function allows(source: string, url: URL): boolean {
  if (source === "'self'") return url.origin === new URL(import.meta.url).origin;
  const [scheme, host = ""] = source.split("://");
  if (`${scheme}:` !== url.protocol) return false;
  return host.startsWith("*.") ? url.host.endsWith(host.slice(1)) : url.host === host;
}
