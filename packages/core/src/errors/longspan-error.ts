import { shownMessage } from "../text/shown-message.ts";
import type { ErrorCode } from "./error-codes.ts";

const marker = /*#__PURE__*/ Symbol.for("longspan.error");

/** What an error carries beside its code and message. */
export interface LongspanErrorOptions {
  /** What a program may want to read: names, offsets, shapes. Plain data only. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What it was made of: another error, or a signal's reason. */
  readonly cause?: unknown;
}

/** An error as plain data: what `JSON.stringify` writes of it, and what can be posted to another thread. */
export interface LongspanErrorData {
  /** By which `LongspanError.from` knows it. */
  readonly name: "LongspanError";
  /** One of `errorCodes`. */
  readonly code: ErrorCode;
  /** For people: the thing, where it is, and the way out. */
  readonly message: string;
  /** Names, offsets, shapes; bigints as text. */
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
 * In another thread, `LongspanError.from(received)` makes an error again of what was posted. Post `error.toJSON()`: all of it arrives. Of an error
 * posted as it is (or `structuredClone`d), `postMessage` keeps message, stack and cause alone; so that code and details arrive all the same, they
 * are the `cause` of an error that has no other, `{ longspan: { code, details } }`, and the code is in the stack's first line.
 */
export class LongspanError extends Error {
  /** The same in every copy of the package. */
  override readonly name = "LongspanError" as const;
  /** What happened: one of `errorCodes`, stable between versions. */
  declare readonly code: ErrorCode;
  /** What a program may want to read: names, offsets, shapes. */
  declare readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string | readonly string[], options: LongspanErrorOptions = {}) {
    const { details = {}, cause = { longspan: { code, details: plainDetails(details) } } } = options;
    super([message].flat().map(shownMessage).join("\n"), { cause });
    this.code = code;
    this.details = details;
    // Engines that begin the stack with the name do so before there is a code.
    this.stack = String(this.stack).replace(/^\w*Error/, `LongspanError [${code}]`);
    // Here, not once on the prototype: whoever imports no error shall not have this class in the bundle for its sake.
    Object.defineProperty(this, marker, {});
  }

  /** Plain data, for `JSON.stringify` and `postMessage`: bigints in `details` become text, and what is no data, or nested without end, is left out. */
  toJSON(): LongspanErrorData {
    const { name, code, message, details, cause } = this;
    const said = cause instanceof Error ? cause.message : cause;
    return { name, code, message, details: plainDetails(details), ...(typeof said === "string" && { cause: said }) };
  }

  /**
   * The error that was posted, in whatever form it arrived: as `toJSON` gave it, as a clone that `postMessage` made of it, or as an error of another copy of
   * this package; undefined for anything else. Of a clone whose error had a cause, the details are lost.
   */
  static from(received: unknown): LongspanError | undefined {
    return received instanceof LongspanError ? received : readError(received);
  }

  /** True for an error of any copy of this package, where `instanceof` sees only its own. */
  static isInstance(error: unknown): error is LongspanError {
    return marker in Object(error);
  }
}

/** What was posted, as data. Outside of the class, which bundlers rename, in messages too, where it names itself. */
function readError(received: unknown): LongspanError | undefined {
  const { name, message, stack, cause, ...own }: Properties = Object(received);
  const { longspan }: Properties = Object(cause);
  const { code = /^LongspanError \[(.+?)\]/.exec(stack as string)?.[1], details }: Properties =
    name === "LongspanError" ? own : Object(longspan);
  if (typeof code !== "string") return undefined;
  return new LongspanError(code as ErrorCode, String(message).split("\n"), {
    details: Object(details),
    cause: longspan ? undefined : typeof cause === "string" ? new Error(cause) : cause,
  });
}

type Properties = Readonly<Record<string, unknown>>;

function plainDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const name in details) {
    try {
      plain[name] = JSON.parse(JSON.stringify(details[name], (_, part: unknown) => (typeof part === "bigint" ? String(part) : part)));
    } catch {
      // It is no data, holds itself, or is nested more deeply than can be written.
    }
  }
  return plain;
}
