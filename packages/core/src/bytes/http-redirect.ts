import { LongspanError } from "../errors/longspan-error.ts";
import { cancelBody, statusError } from "./http-response.ts";
import { urlForMessages } from "./http-url.ts";

/** As many as people need; browsers and curl follow 20 to 50. */
const maxRedirects = 10;

/** Headers that are for the host they were meant for (Fetch Standard, "HTTP-redirect fetch"; curl). */
const ofOneHost = ["authorization", "proxy-authorization", "cookie"];

/** Where a request goes. */
export interface HttpTarget {
  readonly url: URL;
  readonly headers: Headers;
}

/** The answer at the end of redirects: `ask` is called for each address in turn, and must not follow them itself. */
export async function followRedirects(name: string, first: HttpTarget, ask: (target: HttpTarget) => Promise<Response>): Promise<Response> {
  const visited = new Set<string>();
  let target = first;
  for (;;) {
    visited.add(target.url.href);
    const response = await ask(target);
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    await cancelBody(response);
    target = nextTarget(name, target, response);
    if (visited.has(target.url.href)) throw refused(name, `its redirects go in a circle, back to ${urlForMessages(target.url)}`);
    if (visited.size > maxRedirects) throw refused(name, `it is redirected more than ${maxRedirects} times`);
  }
}

function nextTarget(name: string, { url: from, headers }: HttpTarget, response: Response): HttpTarget {
  const location = response.headers.get("location");
  if (location === null) throw statusError(name, response);
  if (!URL.canParse(location, from)) throw refused(name, "it is redirected to what is no address");
  const url = new URL(location, from);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw refused(name, `it is redirected to an address of ${url.protocol} which is not followed`);
  if (from.protocol === "https:" && url.protocol === "http:")
    throw refused(name, `it is redirected from https to ${urlForMessages(url)}, where anybody on the way can change it`);
  // fetch refuses addresses with credentials in them; whoever redirects has no business giving any.
  url.username = "";
  url.password = "";
  url.hash = "";
  if (url.origin === from.origin) return { url, headers };
  const fewer = new Headers(headers);
  for (const header of ofOneHost) fewer.delete(header);
  return { url, headers: fewer };
}

function refused(name: string, problem: string): LongspanError {
  return new LongspanError("network-failed", `${name} could not be read: ${problem}. Give the address where the file really is.`, {
    details: { source: name },
  });
}
