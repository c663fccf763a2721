import { PickleError } from "./errors.ts";

/**
 * What one pickle may cost. A pickle is a program: a few bytes of it can ask for a lot of memory, so everything it can
 * make grow has a ceiling. The defaults leave room for a training checkpoint of a hundred thousand tensors with its
 * optimizer and keep the worst hostile file at 1 GiB of memory; a server that reads uploads will want less.
 */
export interface PickleLimits {
  /**
   * Bytes of memory for everything that is made: nodes, entries, texts, the memo, the stack. Estimated from above, as the growth of a
   * process.
   */
  readonly memory: number;
  /** Opcodes executed. Every opcode takes a byte of the source at least, so this bounds time. */
  readonly operations: number;
  /** Values and marks on the stack at once. The longest tuple is bounded by it; Python writes lists and dicts in batches of 1000. */
  readonly stackDepth: number;
  /** Entries in the memo. Python puts nearly every container and string there. */
  readonly memoEntries: number;
  /** Nodes made: lists, tuples, dicts, dict entries, sets, set items, objects, bytes, persistent ids. */
  readonly nodes: number;
  /** Bytes of text decoded into strings, all together. Longer payloads stay in the source: see `lazyText`. */
  readonly textBytes: number;
  /** Bytes copied into {@link PickleBytes} nodes, all together. Longer payloads stay in the source: see `lazyBytes`. */
  readonly inlineBytes: number;
  /** Bytes of one line, for protocol 0's textual arguments, which carry no length. */
  readonly lineBytes: number;
  /** Bytes of one integer; as decimal digits in protocol 0 about 2.4 times as many. Conversion to text is superlinear in it. */
  readonly integerBytes: number;
}

const mebibyte = 1024 * 1024;

/** The limits used where `readPickle` is given none. */
export const defaultLimits: PickleLimits = /*#__PURE__*/ Object.freeze({
  memory: 1024 * mebibyte,
  operations: 100_000_000,
  stackDepth: 5_000_000,
  // A JavaScript Map ends at 2^24 entries: memo and dicts stay below it.
  memoEntries: 8_000_000,
  nodes: 8_000_000,
  textBytes: 256 * mebibyte,
  inlineBytes: 256 * mebibyte,
  lineBytes: 16 * mebibyte,
  // RSA-sized integers are 512 bytes; Python itself refuses decimal text of more than 4300 digits (sys.int_info).
  integerBytes: 8192,
});

/**
 * Fills the gaps in the caller's limits.
 *
 * @throws PickleError `pickle-limit` for a limit that is not a number of at least 0.
 */
export function resolveLimits(given: Partial<PickleLimits> = {}): PickleLimits {
  const resolved: Record<keyof PickleLimits, number> = { ...defaultLimits };
  for (const name of Object.keys(defaultLimits) as (keyof PickleLimits)[]) {
    const limit = given[name];
    if (limit === undefined) continue;
    if (!(limit >= 0)) throw new PickleError("pickle-limit", `The limit ${name} is ${limit}; expected a number of at least 0`);
    resolved[name] = limit;
  }
  return resolved;
}
