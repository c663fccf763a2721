import { createReadStream } from "node:fs";
import { truncate } from "node:fs/promises";
import { LongspanError } from "@longspan/core";
import { fileSystemError } from "@longspan/core/node";
import { csvLines } from "../jobs/csv-lines.ts";
import { jsonLines } from "../jobs/jsonl-lines.ts";
import { idSet, type IdSet } from "../jobs/id-set.ts";
import type { JobLine } from "../jobs/job.ts";
import type { OutputFormat } from "./answer-formats.ts";

/** What a file of answers holds already. */
export interface HeldAnswers {
  /** Ids that have a line, as text. */
  readonly ids: Pick<IdSet, "has">;
  /** Whether an id's line is the answer of what has this digest; true of lines that do not say what was asked. */
  answers(id: string, asked: string): boolean;
  /** Lines that say that an id was given before, of each id. */
  readonly duplicates: ReadonlyMap<string, number>;
  readonly errors: number;
  /** Bytes that were cut away: of a line that a run did not end. */
  readonly mended: number;
  /** Whether the file is as good as new. */
  readonly isEmpty: boolean;
}

/**
 * Reads a file that an earlier run wrote to. A line that was being written when that ended is cut away.
 * @param header what such a file begins with; "" for none
 * @throws LongspanError `malformed` for a file that is none of answers; `not-found`, `permission-denied`.
 */
export async function heldAnswers(path: string, format: OutputFormat, header: string): Promise<HeldAnswers> {
  const beginning = format === "csv" ? header : '{"id":';
  const { whole, size, head } = await wholeLines(path, format === "csv", Buffer.byteLength(beginning));
  // Lines of JSON are looked at one by one; of one that was not ended, no more is known than how it begins.
  const isBegun = head === beginning || (whole === 0 && size < Buffer.byteLength(beginning) && beginning.startsWith(head));
  if (!isBegun && (format === "csv" || whole === 0))
    throw malformed(
      path,
      `it begins with ${JSON.stringify(head.slice(0, 200))}, and answers of this command with ${JSON.stringify(beginning)}`,
    );
  const [ids, answered] = [idSet(), idSet()];
  const duplicates = new Map<string, number>();
  let errors = 0;
  const written = pieces(path, whole);
  const lines = format === "csv" ? csvLines(written, path, { delimiter: "," }) : jsonLines(written, path);
  for await (const line of lines) {
    const { id, error, asked } = answerOf(line, path, format);
    if (error !== undefined) errors++;
    if (error === "duplicate-id") duplicates.set(id, (duplicates.get(id) ?? 0) + 1);
    else if (ids.has(id)) throw malformed(path, `the id ${JSON.stringify(id)} has two answers`);
    else {
      ids.add(id);
      answered.add(`${asked} ${id}`);
    }
  }
  // Not before all that stays is known to be answers: what is no file of ours keeps its last line.
  if (whole < size) {
    try {
      await truncate(path, whole);
    } catch (error) {
      throw fileSystemError(error, path, "written");
    }
  }
  const answers = (id: string, asked: string): boolean => answered.has(`${asked} ${id}`) || answered.has(` ${id}`);
  return { ids, answers, duplicates, errors, mended: size - whole, isEmpty: whole === 0 };
}

function answerOf(
  { number, fields, problem }: JobLine,
  path: string,
  format: OutputFormat,
): { readonly id: string; readonly error: unknown; readonly asked: string } {
  if (problem !== undefined) throw problem;
  const id = fields?.id;
  if (typeof id !== "string" && typeof id !== "number") throw malformed(path, `line ${number} has no id`);
  const error: unknown = format === "csv" ? fields?.error_code : fields?.error;
  const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : error;
  return { id: String(id), error: code, asked: typeof fields?.asked === "string" ? fields.asked : "" };
}

/** How many bytes the whole lines of a file have; of CSV, a line end between quotes is none. */
async function wholeLines(
  path: string,
  quoted: boolean,
  headLength: number,
): Promise<{ readonly whole: number; readonly size: number; readonly head: string }> {
  let [whole, size, inQuotes] = [0, 0, false];
  const head: Buffer[] = [];
  for await (const piece of pieces(path)) {
    if (size < headLength) head.push(piece.subarray(0, headLength - size));
    for (const [index, byte] of piece.entries()) {
      if (byte === 34 && quoted) inQuotes = !inQuotes;
      else if (byte === 10 && !inQuotes) whole = size + index + 1;
    }
    size += piece.length;
  }
  return { whole, size, head: Buffer.concat(head).toString("utf8") };
}

/** A file's bytes, or the first of them. */
async function* pieces(path: string, length = Infinity): AsyncGenerator<Buffer, void, void> {
  if (length === 0) return;
  try {
    for await (const piece of createReadStream(path, { end: length - 1 })) yield piece as Buffer;
  } catch (error) {
    throw fileSystemError(error, path, "read");
  }
}

function malformed(path: string, problem: string): LongspanError {
  return new LongspanError("malformed", `${path} cannot be gone on with: ${problem}. Give --output another name, or leave --resume out.`, {
    details: { path },
  });
}
