import type { ByteSource } from "../bytes/byte-source.ts";
import type { MemoryBudget } from "../accounting/memory-budget.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { ErrorCode } from "../errors/error-codes.ts";

/** What reading JSON may take, and what is thrown where it is none. */
export interface ParseJsonOptions {
  /** The file's name, for messages. */
  readonly name: string;
  /** The error's code where it is no JSON. */
  readonly code: ErrorCode;
  /** What text and values may take. */
  readonly budget: MemoryBudget;
}

/** Bytes of memory for each byte of text: the bytes, the text of them, the strings in it. */
const textCost = 5;
/** A value, at most a container with a place in another one. */
const valueCost = 80;

/**
 * Parses a JSON text that somebody else wrote, of any depth. Its values are counted before one of them is made.
 * @throws LongspanError `limit-exceeded`, or with the given code for what is no JSON in UTF-8; both name the file
 */
export function parseJson(bytes: Uint8Array, { name, code, budget }: ParseJsonOptions): unknown {
  const cost = textCost * bytes.length + valueCost * maxValues(bytes);
  // The budget is of a checkpoint, which this file may only lie beside.
  if (cost > budget.left) throw budget.exceeded(name);
  budget.spend(cost);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new LongspanError(code, `${name} is not JSON: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
      details: { file: name },
    });
  }
}

/** Reads a JSON file whole and parses it. @throws LongspanError as `parseJson`, and what the source throws. */
export async function readJson(
  source: ByteSource,
  { code, budget, signal }: Pick<ParseJsonOptions, "code" | "budget"> & { readonly signal?: AbortSignal | undefined },
): Promise<unknown> {
  // Before a byte of it is read.
  if (textCost * source.size > budget.left) throw budget.exceeded(source.name);
  return parseJson(await source.read(0, source.size, { signal }), { name: source.name, code, budget });
}

/** As many values as a text can hold: each but the first stands behind a bracket, a comma or a colon. */
function maxValues(bytes: Uint8Array): number {
  let values = 1;
  for (const byte of bytes) if (byte === 0x5b || byte === 0x7b || byte === 0x2c || byte === 0x3a) values++;
  return values;
}
