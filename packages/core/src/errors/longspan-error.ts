import { shownMessage } from "../text/shown-message.ts";
import type { ErrorCode } from "./error-codes.ts";

const marker = /*#__PURE__*/ Symbol.for("longspan.error");

/** What an error carries beside its code and message. */
export interface LongspanErrorOptions {
  /** What a program may want to read: names, offsets, shapes. Plain data only. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error as plain data: what `JSON.stringify` writes of it, and what can be posted to another thread. */
export interface LongspanErrorData {
  readonly name: "LongspanError";
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** What the cause says, where it is an error or a text. */
  readonly cause?: string;
}

/**
 * The one error class of every Longspan package. `code` is stable across versions (see `errorCodes`); the message is for
 * people and names the thing, where it is, and the way out.
 *
 * Messages quote files. Whoever shows one, and however, is safe: hidden characters are made visible and long names are cut here, where
 * no message can be forgotten (`shownMessage`). A message of several lines is given as a list of them: a line of its own is never what a
 * file says. `details` hold what was found as it is.
 *
 * `postMessage` and `structuredClone` keep of any error its message alone: post `error.toJSON()`, and make an error of it again with
 * `LongspanError.fromJSON(data)`.
 */
export class LongspanError extends Error {
  override readonly name: string = "LongspanError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string | readonly string[], options: LongspanErrorOptions = {}) {
    const lines = typeof message === "string" ? [message] : message;
    super(lines.map(shownMessage).join("\n"), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    // Here, not once on the prototype: whoever imports no error shall not have this class in the bundle for its sake.
    Object.defineProperty(this, marker, { value: true });
  }

  /** Plain data, for `JSON.stringify` and `postMessage`: bigints in `details` become text, and what is no data is left out. */
  toJSON(): LongspanErrorData {
    const { code, message, cause } = this;
    const details: Record<string, unknown> = JSON.parse(
      JSON.stringify(this.details, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)),
    );
    const data = { name: "LongspanError", code, message, details } as const;
    const said = cause instanceof Error ? cause.message : cause;
    return typeof said === "string" ? { ...data, cause: said } : data;
  }

  /** The error again, of what `toJSON` gave: in another thread, or from a file. */
  static fromJSON(data: LongspanErrorData): LongspanError {
    return errorOf(data);
  }

  /** True for an error of any copy of this package, where `instanceof` sees only its own. */
  static isInstance(error: unknown): error is LongspanError {
    return typeof error === "object" && error !== null && marker in error;
  }
}

/** Outside of the class, which bundlers rename, in messages too, where it names itself. */
function errorOf({ code, message, details, cause }: LongspanErrorData): LongspanError {
  return new LongspanError(code, message.split("\n"), { details, ...(cause === undefined ? {} : { cause: new Error(cause) }) });
}
