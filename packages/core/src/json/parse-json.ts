import { LongspanError } from "../errors/longspan-error.ts";
import type { ErrorCode } from "../errors/error-codes.ts";
import { memoryCosts, type MemoryBudget } from "../checkpoint/memory-budget.ts";

export interface ParseJsonOptions {
  /** The file's name, for messages. */
  readonly name: string;
  /** The error's code where it is no JSON. */
  readonly code: ErrorCode;
  /** What the values may take. */
  readonly budget: MemoryBudget;
}

/** A value of JSON: at most a container with a place in another one. */
const valueCost = 80;

/**
 * Parses a JSON text that somebody else wrote, of any depth. Its values are counted before one of them is made.
 * @throws LongspanError `limit-exceeded`, or with the given code, naming the file, for what is no JSON in UTF-8
 */
export function parseJson(bytes: Uint8Array, { name, code, budget }: ParseJsonOptions): unknown {
  // The text, and the strings in it.
  budget.spend(2 * memoryCosts.character * bytes.length + valueCost * mostValues(bytes));
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new LongspanError(code, `${name} is not JSON: ${error instanceof Error ? error.message : String(error)}.`, { cause: error });
  }
}

/** As many values as a text can hold: each but the first stands behind a bracket, a comma or a colon. */
function mostValues(bytes: Uint8Array): number {
  let values = 1;
  for (const byte of bytes) if (byte === 0x5b || byte === 0x7b || byte === 0x2c || byte === 0x3a) values++;
  return values;
}
