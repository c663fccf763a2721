import type { ProgressListener } from "../accounting/progress.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { followRedirects } from "./http-redirect.ts";
import { cancelBody, retryAfter, statusError } from "./http-response.ts";
import { throwIfAborted } from "./throw-if-aborted.ts";
import { describeFailure, TransientFailure } from "./transient-failure.ts";
import { pause, waitForServer } from "./wait-for-server.ts";

/** What `new Headers` takes, whether the types of browsers or of Node declare it. */
type HttpHeaders = NonNullable<ConstructorParameters<typeof Headers>[0]>;

/** How requests are made, repeated and given up. */
export interface HttpOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Sent with every request, `Authorization` for example, which a redirect to another host does not take along. */
  readonly headers?: HttpHeaders | undefined;
  /**
   * How often a request is repeated after a transient failure (a broken connection, status 408, 429 or 5xx), once at most after a time-out.
   * Default 4.
   */
  readonly retries?: number | undefined;
  /** Before the first repetition, in milliseconds; doubles with each. A server's `Retry-After` of up to a minute is honoured. Default 300. */
  readonly retryDelay?: number | undefined;
  /** Longest wait for a connection and an answer, and then for each further piece of it, in milliseconds. Default 30,000. */
  readonly timeout?: number | undefined;
  /** Told each second while nothing comes: `{ stage: "wait", item: host, done, total, unit: "seconds" }`; after `total` it is given up. */
  readonly onProgress?: ProgressListener | undefined;
  /** Ends the opening and every later request. */
  readonly signal?: AbortSignal | undefined;
}

export interface HttpClient {
  /**
   * One attempt, redirects followed. Statuses that may pass become a `TransientFailure`, all others are returned.
   * The body must be read or cancelled.
   */
  request(method: "GET" | "HEAD", headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>;
  /** The next piece of a body. @throws TransientFailure when it does not come in time. */
  next(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>["read"]>>>;
  /** Runs `attempt` until it does not fail transiently, or too often. @throws LongspanError `network-failed`, `aborted`, or what `attempt` throws. */
  persist<T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Ends all that is under way. */
  close(): void;
}

const httpDefaults: { readonly retries: number; readonly retryDelay: number; readonly timeout: number } = {
  retries: 4,
  retryDelay: 300,
  timeout: 30_000,
};

/** What a server asks to wait beyond this is for people to decide. */
const maxRetryAfter = 60_000;
const maxDelay = 10_000;

/** After a time-out, asking again helps at once or not at all. */
const maxSilences = 2;

/** So many bytes are progress: what failed before they came is forgotten. Fewer of them at a time are a server that is not as it should be. */
export const minProgress: number = 16 * 1024;

/** @throws LongspanError `argument-invalid` for headers or a time-out that are none */
export function httpClient(url: URL, name: string, options: HttpOptions): HttpClient {
  const fetch = options.fetch ?? globalThis.fetch;
  const { retries, retryDelay, timeout } = {
    retries: options.retries ?? httpDefaults.retries,
    retryDelay: options.retryDelay ?? httpDefaults.retryDelay,
    timeout: checkTimeout(options.timeout ?? httpDefaults.timeout),
  };
  const closing = new AbortController();
  const address = new URL(url);
  const ownHeaders = headersFor(address, options.headers, name);
  address.username = "";
  address.password = "";
  address.hash = "";
  const { host, onProgress } = { host: address.host, onProgress: options.onProgress };
  /** A browser does not tell where a redirect leads, and has to follow it itself. */
  let redirect: RequestRedirect = "manual";

  async function ask(target: URL, init: RequestInit, signal: AbortSignal): Promise<Response> {
    const giveUp = new AbortController();
    const all = AbortSignal.any([signal, giveUp.signal]);
    try {
      return await waitForServer(fetch(target, { ...init, redirect, signal: all }), { host: target.host, timeout, signal, onProgress });
    } catch (error) {
      giveUp.abort();
      if (error instanceof TransientFailure || signal.aborted) throw error;
      const { words, isPermanent } = describeFailure(error, target.host);
      if (!isPermanent) throw new TransientFailure(words, { cause: error });
      throw failed(name, words, error);
    }
  }

  return {
    async request(method, headers, signal) {
      const allHeaders = new Headers(ownHeaders);
      for (const [header, value] of Object.entries(headers)) allHeaders.set(header, value);
      const response = await followRedirects(name, { url: address, headers: allHeaders }, async (target) => {
        const init = { method, headers: target.headers };
        const answer = await ask(target.url, init, signal);
        if (answer.type !== "opaqueredirect") return answer;
        redirect = "follow";
        return ask(target.url, init, signal);
      });
      if (!mayPass(response.status)) return response;
      await cancelBody(response);
      const after = retryAfter(response);
      if (after !== undefined && after > maxRetryAfter) throw tooLong(name, response, after);
      throw new TransientFailure(`status ${response.status}`, { cause: statusError(name, response), after });
    },

    next: (reader, signal) => waitForServer(reader.read(), { host, timeout, signal, onProgress }),

    async persist(attempt, signal) {
      const any = AbortSignal.any([closing.signal, options.signal, signal].filter((one) => one !== undefined));
      let [tries, silences] = [0, 0];
      for (;;) {
        if (closing.signal.aborted) throw closedError(name);
        throwIfAborted(any);
        try {
          return await attempt(any);
        } catch (error) {
          if (closing.signal.aborted) throw closedError(name);
          throwIfAborted(any);
          if (!(error instanceof TransientFailure)) throw error;
          if (error.came >= minProgress) [tries, silences] = [0, 0];
          tries++;
          if (error.isSilence) silences++;
          if (tries > retries || silences >= maxSilences) {
            if (LongspanError.isInstance(error.cause)) throw error.cause;
            throw failed(name, error.message, error.cause, tries);
          }
          const delay = error.after ?? Math.min(maxDelay, retryDelay * 2 ** (tries - 1) * (0.75 + Math.random() / 2));
          await pause(delay, { host, signal: any, onProgress });
        }
      }
    },

    close() {
      closing.abort();
    },
  };
}

export function closedError(name: string): LongspanError {
  return new LongspanError("closed", `${name} has been closed.`);
}

/** 501 and 505 are about the request, 508 and 511 about what stands between. */
function mayPass(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && ![501, 505, 508, 510, 511].includes(status));
}

function failed(name: string, problem: string, cause: unknown, tries = 1): LongspanError {
  return new LongspanError("network-failed", `${name} could not be read${tries === 1 ? "" : ` ${tries} times`}: ${problem}.`, {
    cause,
    details: { source: name },
  });
}

function tooLong(name: string, response: Response, after: number): LongspanError {
  const until = new Date(Date.now() + after).toISOString().replace(/\.\d+/, "");
  return new LongspanError(
    "network-failed",
    `${name} could not be read: the server answered ${response.status} and asks to wait ${Math.ceil(after / 1000)} s, until ${until}. Try again then.`,
    { details: { source: name, status: response.status, retryAfterSeconds: Math.ceil(after / 1000) } },
  );
}

function checkTimeout(timeout: number): number {
  // Timers take no more.
  if (timeout > 0 && timeout < 2 ** 31) return timeout;
  throw new LongspanError("argument-invalid", `timeout is ${timeout}; it is a number of milliseconds above 0 and below 2^31.`, {
    details: { timeout },
  });
}

function headersFor(url: URL, given: HttpHeaders | undefined, name: string): Headers {
  try {
    const headers = new Headers(given);
    if (url.username !== "" && !headers.has("authorization")) headers.set("authorization", basicCredentials(url));
    return headers;
  } catch (error) {
    throw new LongspanError("argument-invalid", `The headers for ${name} cannot be sent: a name or a value is not one of HTTP.`, {
      cause: error,
      details: { source: name },
    });
  }
}

function basicCredentials(url: URL): string {
  const bytes = new TextEncoder().encode(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
