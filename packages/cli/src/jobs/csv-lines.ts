import { LongspanError } from "@longspan/core";
import type { JobLine } from "./job.ts";

/** What stands between cells: what the first line has most of. */
const delimiters = [",", ";", "\t"] as const;

/**
 * CSV with a line of names above: cells with commas (or semicolons, or tabs), as the first line has them. Rows are numbered from 1, below
 * the names; an empty cell says nothing.
 * @throws LongspanError `malformed` for quotes that do not close, and bytes that are no UTF-8: nobody knows where the next row begins.
 */
export async function* csvLines(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<JobLine, void, void> {
  const { parse } = await import("csv-parse");
  const { Readable } = await import("node:stream");
  const text = decoded(pieces, name);
  const first = await text.next();
  if (first.done === true) return;
  const delimiter = delimiterOf(first.value);
  const parser = parse({ bom: true, delimiter, skip_empty_lines: true, relax_column_count: true });
  const source = Readable.from(joined(first.value, text));
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let names: readonly string[] | undefined;
  let number = 0;
  try {
    for await (const cells of parser as AsyncIterable<readonly string[]>) {
      if (names === undefined) {
        names = cells.map((cell) => cell.trim());
        requireOnce(names, name);
        continue;
      }
      number++;
      yield rowOf(names, cells, number, name);
    }
  } catch (error) {
    if (LongspanError.isInstance(error)) throw error;
    throw malformed(name, number + 1, error);
  } finally {
    source.destroy();
  }
}

/** Of two columns of one name, one would be lost. */
function requireOnce(names: readonly string[], file: string): void {
  const twice = names.find((name, index) => name !== "" && names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new LongspanError("malformed", `${file}: two columns are called ${JSON.stringify(twice)}. Give each its own name.`, {
    details: { path: file, column: twice },
  });
}

function rowOf(names: readonly string[], cells: readonly string[], number: number, name: string): JobLine {
  if (cells.length === names.length)
    return { number, fields: Object.fromEntries(names.flatMap((key, index) => (cells[index] === "" ? [] : [[key, cells[index]]]))) };
  const problem = `${name}, row ${number}: it has ${cells.length} cells, and the first line has ${names.length} names. Put cells with commas or line ends into quotes.`;
  return { number, problem: new LongspanError("malformed", problem, { details: { path: name, row: number } }) };
}

function malformed(name: string, number: number, error: unknown): LongspanError {
  return new LongspanError("malformed", `${name}, row ${number}: ${error instanceof Error ? error.message : String(error)}.`, {
    cause: error,
    details: { path: name, row: number },
  });
}

function delimiterOf(text: string): string {
  const [line = ""] = text.split("\n", 1);
  const counted = delimiters.map((delimiter) => [delimiter, line.split(delimiter).length] as const);
  return counted.toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? ",";
}

async function* joined(first: string, rest: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  yield first;
  yield* rest;
}

async function* decoded(pieces: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (piece?: Uint8Array): string => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch (error) {
      throw new LongspanError("malformed", `${name} is not text in UTF-8. Save it as CSV UTF-8.`, {
        cause: error,
        details: { path: name },
      });
    }
  };
  for await (const piece of pieces) {
    const text = decode(piece);
    if (text !== "") yield text;
  }
  decode();
}
