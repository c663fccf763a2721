import { LongspanError } from "../errors/longspan-error.ts";
import { statusError } from "./http-response.ts";
import { throwIfAborted } from "./throw-if-aborted.ts";

export interface HttpOptions {
  /** Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Sent with every request, `Authorization` for example. */
  readonly headers?: HeadersInit | undefined;
  /** How often a request is repeated after a transient failure (a broken connection, status 408, 429 or 5xx). Default 4. */
  readonly retries?: number | undefined;
  /** Before the first repetition, in milliseconds; doubles with each. A server's `Retry-After` of up to half a minute is honoured. Default 300. */
  readonly retryDelay?: number | undefined;
  /** Ends the opening and every later request. */
  readonly signal?: AbortSignal | undefined;
}

/** A request that failed in a way that may pass. */
export class TransientFailure extends Error {
  readonly afterMilliseconds: number | undefined;
  constructor(message: string, cause: unknown, afterMilliseconds?: number) {
    super(message, { cause });
    this.afterMilliseconds = afterMilliseconds;
  }
}

export interface HttpClient {
  /**
   * One attempt. Statuses that may pass become a `TransientFailure`, all others are returned.
   * The body must be read or cancelled.
   */
  request(method: "GET" | "HEAD", headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>;
  /** Runs `attempt` until it does not fail transiently, or too often. @throws LongspanError `network-failed`, `aborted`, or what `attempt` throws. */
  persist<T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Ends all that is under way. */
  close(): void;
}

const longestRetryAfter = 30_000;
const longestDelay = 10_000;

export function httpClient(url: URL, name: string, options: HttpOptions): HttpClient {
  const fetch = options.fetch ?? globalThis.fetch;
  const retries = options.retries ?? 4;
  const firstDelay = options.retryDelay ?? 300;
  const closing = new AbortController();
  const address = new URL(url);
  // fetch refuses URLs with credentials in them.
  const credentials = address.username === "" ? undefined : basicCredentials(address);
  address.username = "";
  address.password = "";
  address.hash = "";

  return {
    async request(method, headers, signal) {
      const allHeaders = new Headers(options.headers);
      if (credentials !== undefined && !allHeaders.has("authorization")) allHeaders.set("authorization", credentials);
      for (const [header, value] of Object.entries(headers)) allHeaders.set(header, value);
      let response: Response;
      try {
        response = await fetch(address, { method, headers: allHeaders, signal, redirect: "follow" });
      } catch (error) {
        throw new TransientFailure(describe(error), error);
      }
      const { status } = response;
      if (status !== 408 && status !== 429 && status < 500) return response;
      await response.body?.cancel();
      throw new TransientFailure(`status ${status}`, statusError(name, response), retryAfter(response));
    },

    async persist(attempt, signal) {
      const signals = [closing.signal, options.signal, signal].filter((one) => one !== undefined);
      const any = AbortSignal.any(signals);
      for (let tries = 0; ; tries++) {
        throwIfAborted(any.aborted ? any : undefined);
        try {
          return await attempt(any);
        } catch (error) {
          if (closing.signal.aborted) throw closedError(name);
          throwIfAborted(any);
          if (!(error instanceof TransientFailure)) throw error;
          if (tries >= retries) {
            if (error.cause instanceof LongspanError) throw error.cause;
            const times = tries === 0 ? "" : ` ${tries + 1} times`;
            throw new LongspanError("network-failed", `${name} could not be read${times}: ${error.message}.`, {
              cause: error.cause,
              details: { source: name },
            });
          }
          await pause(error.afterMilliseconds ?? Math.min(longestDelay, firstDelay * 2 ** tries * (0.75 + Math.random() / 2)), any);
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

function basicCredentials(url: URL): string {
  const bytes = new TextEncoder().encode(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, longestRetryAfter) : undefined;
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function describe(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/** Ends early, without an error, when the signal is aborted. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener("abort", finish);
    if (signal.aborted) finish();
  });
}
