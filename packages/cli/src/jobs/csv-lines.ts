import { LongspanError } from "@longspan/core";
import type { JobLine } from "./job.ts";

/** What stands between cells: what the first line has most of. */
const delimiters = [",", ";", "\t"] as const;

/** A row that is longer is a quote that does not close; as much as a document has at most. */
const maxRowBytes = 2 ** 27;

/** A first line that is longer is none of names. */
const maxNamesLength = 2 ** 20;

export interface CsvOptions {
  /** Default: what the first line has most of. */
  readonly delimiter?: string | undefined;
  /** Told how many bytes the rows have up to the next one that is given. */
  readonly onRead?: ((bytes: number) => void) | undefined;
  /** What a row may have at most. */
  readonly maxBytes?: number | undefined;
}

/** What the parser gives of a row: its cells, and how far the text is read. */
interface ParsedRow {
  readonly record: readonly string[];
  readonly info: { readonly bytes: number; readonly empty_lines: number };
}

/**
 * CSV with a line of names above: cells with commas (or semicolons, or tabs), as the first line has them. Rows are numbered from 1, below
 * the names; an empty cell says nothing. An empty line is no row, but in a table of one column, where it is an empty cell unless nothing follows.
 * @throws LongspanError `malformed` for quotes that do not close, rows without an end and bytes that are no UTF-8: nobody knows where the next row begins.
 */
export async function* csvLines(
  pieces: AsyncIterable<Uint8Array>,
  name: string,
  { delimiter, onRead, maxBytes = maxRowBytes }: CsvOptions = {},
): AsyncGenerator<JobLine, void, void> {
  const { parse } = await import("csv-parse");
  const { Readable } = await import("node:stream");
  const text = decoded(pieces, name);
  const first = await firstLine(text);
  if (first === "") return;
  const parser = parse({
    bom: true,
    delimiter: delimiter ?? delimiterOf(first),
    skip_empty_lines: true,
    relax_column_count: true,
    info: true,
    max_record_size: maxBytes,
  });
  const source = Readable.from(joined(first, text));
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let names: readonly string[] | undefined;
  let [number, emptyLines] = [0, 0];
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRow>) {
      onRead?.(info.bytes);
      const isColumn = names?.length === 1;
      for (; emptyLines < info.empty_lines; emptyLines++) if (isColumn) yield { number: ++number, fields: {} };
      if (names === undefined) {
        names = record.map((cell) => cell.trim());
        requireOnce(names, name);
      } else yield rowOf(names, record, ++number, name);
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
  const [line = ""] = unquoted(text)
    .trimStart()
    .split(/[\r\n]/, 1);
  const counted = delimiters.map((delimiter) => [delimiter, line.split(delimiter).length] as const);
  return counted.toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? ",";
}

/** What stands between quotes is a cell's, whatever it is. */
function unquoted(text: string): string {
  return text.replaceAll(/"[^"]*(?:"|$)/g, "cell");
}

/** Text with the line of names in it: pieces may be of one character. */
async function firstLine(text: AsyncGenerator<string, void, void>): Promise<string> {
  let begun = "";
  while (begun.length < maxNamesLength && !/[^\s][^\r\n]*[\r\n]/.test(unquoted(begun))) {
    const { value, done } = await text.next();
    if (done === true) break;
    begun += value;
  }
  return begun;
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
