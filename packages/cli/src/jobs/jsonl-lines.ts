import { LongspanError } from "@longspan/core";
import { isJsonObject, shownMessage, type Json } from "@longspan/core/adapter";
import type { JobLine } from "./job.ts";

type JsonObject = { readonly [key: string]: Json };

/** A document of the greatest length, with every character escaped. */
const maxLineBytes = 2 ** 29;

/**
 * JSON Lines: an object on each line, in UTF-8. Empty lines count and say nothing. An id that is a number which JavaScript would round is
 * its text.
 * @param onRead told how many bytes the lines have up to the next one that is given
 * @throws LongspanError `limit-exceeded` for a line without an end.
 */
export async function* jsonLines(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  onRead?: (bytes: number) => void,
): AsyncGenerator<JobLine, void, void> {
  let [number, read] = [0, 0];
  for await (const bytes of linesOf(pieces, name)) {
    number++;
    read += bytes.length + 1;
    onRead?.(read);
    if (!isBlank(bytes)) yield parsed(bytes, number, name);
  }
}

function parsed(bytes: Uint8Array, number: number, name: string): JobLine {
  const problem = (what: string, cause?: unknown): JobLine => ({
    number,
    problem: new LongspanError("malformed", `${name}, line ${number}: ${what}.`, { cause, details: { path: name, line: number } }),
  });
  try {
    // A byte order mark is left out by the decoder.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    const value: Json = JSON.parse(text);
    return isJsonObject(value) ? { number, fields: withExactId(value, text) } : problem('no JSON object, such as {"id": 1, "text": "…"}');
  } catch (error) {
    return problem(`no JSON (${shownMessage(error instanceof Error ? error.message : String(error))})`, error);
  }
}

/** An id beyond 2^53 (or with more digits than a number has) would be taken for another one: it is its text, as it is of Parquet. */
function withExactId(fields: JsonObject, text: string): JsonObject {
  const { id } = fields;
  if (typeof id !== "number" || (Number.isInteger(id) && Number.isSafeInteger(id))) return fields;
  const written = new Map<unknown, string>();
  // What a value was written as is the reviver's third argument (Node 21 and newer).
  const note = function (this: unknown, key: string, value: unknown, context?: { readonly source?: string }): unknown {
    if (key === "id" && typeof value === "number" && context?.source !== undefined) written.set(this, context.source);
    return value;
  };
  const again: unknown = JSON.parse(text, note);
  const source = written.get(again) ?? String(id);
  return source === String(id) ? fields : { ...fields, id: source };
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 32 || byte === 9 || byte === 13);
}

/** Lines as bytes, without their ends. */
async function* linesOf(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array, void, void> {
  let begun: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      yield Buffer.concat([...begun, piece.subarray(start, end)]);
      [begun, length] = [[], 0];
      start = end + 1;
      number++;
    }
    begun.push(piece.subarray(start));
    length += piece.length - start;
    if (length > maxLineBytes)
      throw new LongspanError("limit-exceeded", `${name}, line ${number}: it has more than ${maxLineBytes} bytes. Is it JSON Lines?`, {
        details: { path: name, line: number, limit: maxLineBytes },
      });
  }
  if (length > 0) yield Buffer.concat(begun);
}
