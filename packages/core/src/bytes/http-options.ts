import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import type { HttpOptions } from "./http-client.ts";

/** How files are fetched. */
export interface HttpSourceOptions extends HttpOptions {
  /** Largest number of bytes fetched ahead where reading goes on and on. Default 8 MiB; three such windows are kept. */
  readonly readAhead?: number | undefined;
  /** A server that cannot send ranges sends the whole file; up to this many bytes it is kept in memory, beyond that refused. Default 64 MiB. */
  readonly maxWholeBytes?: number | undefined;
}

const optionNames: OptionNames<HttpSourceOptions> = {
  fetch: true,
  headers: true,
  retries: true,
  retryDelay: true,
  timeout: true,
  onProgress: true,
  signal: true,
  readAhead: true,
  maxWholeBytes: true,
};

/** @throws LongspanError `argument-invalid` for options that there are not. `of` is the function that takes them. */
export function checkHttpOptions(options: unknown, of: string): void {
  checkOptions(options, optionNames, of);
}
