import { LongspanError } from "../errors/longspan-error.ts";

const mebibyte = 2 ** 20;

/** What opening a file may take of memory, in bytes, beside what the process has: small files this much, larger ones more. */
const smallFileMemory = 256 * mebibyte;
const memoryPerByte = 40;
/** Above this no file gets more by its size alone: a process has a few GiB, and no Longformer needs a quarter of one. */
const maxDefaultMemory = 1024 * mebibyte;

/** What opening a file may cost, where it is not to cost the default. */
export interface OpenLimits {
  /**
   * Bytes of memory that opening may take for what a file says of itself: names, lists, dicts, tensors' descriptions (never their values,
   * which stay in the file). Estimated, from above. Default: 256 MiB, or 40 bytes for each byte of the file where that is more, up to 1 GiB.
   */
  readonly memory?: number | undefined;
}

/**
 * What is left of a file's memory. One is made for each opening and handed to everything that reads: containers, tables beside them,
 * configurations.
 */
export interface MemoryBudget {
  /** Bytes that may still be taken. */
  readonly left: number;
  /** Takes so many bytes. @throws LongspanError `limit-exceeded` when fewer are left. */
  spend(bytes: number): void;
  /** The error that says that the file, or the one beside it that is named, needs more. */
  exceeded(file?: string): LongspanError;
}

/**
 * What things cost in memory, in bytes: measured as the growth of a process (`npm run bench:memory`), with what V8 leaves uncollected on
 * the way, and rounded up.
 */
export const memoryCosts = {
  /** A number, a boolean, a reference in a list. */
  value: 24,
  /** One character of text, at most. */
  character: 2,
  /** A text, beside its characters. */
  text: 40,
  /** A list, a tuple, a set, an object of an unknown class. */
  list: 440,
  /** A dict. */
  map: 600,
  /** A key and a value of a dict, beside the two. */
  entry: 160,
  /** A tensor: how it lies in the file, what it is in a model, a row of a report. */
  tensor: 1600,
  /** A rule of a layout, and each name that its choices stand for. */
  rule: 3200,
  ruleName: 400,
} as const;

/**
 * The budget for opening one file.
 * @param file its name, for the message
 * @param fileBytes its size
 * @throws LongspanError `argument-invalid` for a limit that is no number of bytes
 */
export function memoryBudget(file: string, fileBytes: number, limits: OpenLimits = {}): MemoryBudget {
  const limit = limits.memory ?? Math.min(Math.max(smallFileMemory, memoryPerByte * fileBytes), maxDefaultMemory);
  if (!(limit >= 0)) throw new LongspanError("argument-invalid", `The limit memory is ${limit}; it is a number of bytes.`);
  let spent = 0;
  const exceeded = (found = file): LongspanError =>
    new LongspanError(
      "limit-exceeded",
      `${found}: what the file says of itself would take more than ${limit < mebibyte ? `${limit} bytes` : inMebibytes(limit)} of memory (the limit "memory"). That is far more than a Longformer's checkpoint needs: the file may be damaged, or made to exhaust memory. If you trust it, raise the limit with --limit memory=${inMebibytes(Math.max(4 * limit, smallFileMemory)).replace(" ", "")} (option limits).`,
      { details: { file: found, limit: "memory", bytes: limit } },
    );
  return {
    get left() {
      return Math.max(0, limit - spent);
    },
    spend(bytes) {
      spent += bytes;
      if (spent > limit) throw exceeded();
    },
    exceeded,
  };
}

function inMebibytes(bytes: number): string {
  return `${Math.max(1, Math.ceil(bytes / mebibyte))} MiB`;
}
