import { shownMessage } from "../text/shown-message.ts";
import type { ErrorCode } from "./error-codes.ts";

const marker = Symbol.for("longspan.error");

export interface LongspanErrorOptions {
  /** What a program may want to read: names, offsets, shapes. Plain data only. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error class of every Longspan package. `code` is stable across versions (see `errorCodes`); the message is for
 * people and names the thing, where it is, and the way out.
 *
 * Messages quote files. Whoever shows one, and however, is safe: hidden characters are made visible and long names are cut here, where
 * no message can be forgotten (`shownMessage`). A message of several lines is given as a list of them: a line of its own is never what a
 * file says. `details` hold what was found as it is.
 */
export class LongspanError extends Error {
  override readonly name: string = "LongspanError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  static {
    Object.defineProperty(this.prototype, marker, { value: true });
  }

  constructor(code: ErrorCode, message: string | readonly string[], options: LongspanErrorOptions = {}) {
    const lines = typeof message === "string" ? [message] : message;
    super(lines.map(shownMessage).join("\n"), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** True for an error of any copy of this package, where `instanceof` sees only its own. */
  static isInstance(error: unknown): error is LongspanError {
    return typeof error === "object" && error !== null && marker in error;
  }
}
