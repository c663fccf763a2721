/**
 * What went wrong, as a stable string to branch on:
 *
 * | code | meaning |
 * | --- | --- |
 * | `pickle-truncated` | the source ends before STOP, or a length reaches past its end |
 * | `pickle-opcode` | a byte that is no opcode of protocols 0 to 5: not a pickle, or a damaged one |
 * | `pickle-stack` | an opcode finds too few values, no MARK, or an odd number of keys and values |
 * | `pickle-memo` | a GET of a memo entry that was never PUT |
 * | `pickle-type` | an opcode stands on a value it cannot apply to, or a value cannot be written |
 * | `pickle-literal` | malformed text, number or escape in an argument |
 * | `pickle-limit` | one of {@link PickleLimits} is exceeded |
 * | `pickle-unsupported` | valid, but outside what inert reading (EXT*, out-of-band buffers, protocol 6) or the chosen protocol offers |
 * | `pickle-cycle` | a value to write contains itself in a way Python could not build either without POP tricks |
 * | `pickle-unread` | bytes or text that still stand in the source were needed in memory |
 * | `pickle-source` | the source or the requested range is unusable: wrong size, or a read that returns another number of bytes than asked |
 */
export type PickleErrorCode =
  | "pickle-truncated"
  | "pickle-opcode"
  | "pickle-stack"
  | "pickle-memo"
  | "pickle-type"
  | "pickle-literal"
  | "pickle-limit"
  | "pickle-unsupported"
  | "pickle-cycle"
  | "pickle-unread"
  | "pickle-source";

/** Where in the source an error belongs. */
export interface PickleErrorPlace {
  /** Byte offset of the opcode in the source. */
  readonly offset: number;
  /** Its name as in Python's `pickletools`, where one is known. */
  readonly opcode?: string | undefined;
  /** The limit that is exceeded, of a `pickle-limit`. */
  readonly limit?: string | undefined;
}

/** The only error this package throws of its own accord; a source's own read errors pass through unchanged. */
export class PickleError extends Error {
  /** By which copies of the package know each other's. */
  override readonly name: string = "PickleError";
  /** What happened: stable between versions. */
  readonly code: PickleErrorCode;
  /** Byte offset of the opcode in the source; undefined when writing. */
  readonly offset: number | undefined;
  /** Name of the opcode, such as `REDUCE`, where one is known. */
  readonly opcode: string | undefined;
  /** Name of the limit that is exceeded, of a `pickle-limit`. */
  readonly limit: string | undefined;

  constructor(code: PickleErrorCode, message: string, place?: PickleErrorPlace) {
    super(visible(place === undefined ? message : `${message} (${placeText(place)})`));
    this.code = code;
    this.offset = place?.offset;
    this.opcode = place?.opcode;
    this.limit = place?.limit;
  }
}

function placeText({ offset, opcode }: PickleErrorPlace): string {
  return opcode === undefined ? `at byte ${offset}` : `${opcode} at byte ${offset}`;
}

/** Messages quote files: what a terminal obeys, or nobody sees, is spelled out, whoever prints them. */
function visible(message: string): string {
  return message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
