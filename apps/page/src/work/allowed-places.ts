import { LongspanError } from "@longspan/core";

let sources: readonly string[] = [];

/** What the page's Content-Security-Policy lets it connect to, so that a refusal can be told before the browser's "failed to fetch". */
export function allowPlaces(connectSources: readonly string[]): void {
  sources = connectSources;
}

/** @throws LongspanError `argument-invalid` for an address that the page's policy forbids. */
export function checkAllowed(url: URL): void {
  if (sources.some((source) => allows(source, url))) return;
  throw new LongspanError(
    "argument-invalid",
    `This page may not connect to ${url.origin}: its security policy allows ${sources.filter((source) => source !== "'self'").join(", ")} and the page itself. Save the file and choose it, or start the page with longspan page --connect ${url.origin}.`,
    { details: { url: url.href } },
  );
}

function allows(source: string, url: URL): boolean {
  if (source === "'self'") return url.origin === new URL(import.meta.url).origin;
  const [scheme, host = ""] = source.split("://");
  if (`${scheme}:` !== url.protocol) return false;
  return host.startsWith("*.") ? url.host.endsWith(host.slice(1)) : url.host === host;
}
