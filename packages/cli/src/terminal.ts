import type { Readable } from "node:stream";
import { styleText } from "node:util";
import { boundedText, shownMessage, visibleText } from "@longspan/core/adapter";

/** A process's stream, or what stands for it in a test. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command's words come from and go to: documents to stdout, everything else to stderr. */
export interface Terminal {
  /** What `-` in place of a file's path reads. */
  readonly input: Readable;
  readonly out: OutputStream;
  readonly error: OutputStream;
  /** What pipes among a command's small files gave, by their paths: they are read but once, and asked for by whatever opens a model. */
  readonly pipes?: Map<string, Promise<Uint8Array>> | undefined;
  /** A sentence of the library in the words of the command line that runs: `--window` for `option window`. */
  readonly told?: ((sentence: string) => string) | undefined;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Text in a style. No string, so that it cannot be forgotten which of a line's characters are ours. */
export interface StyledText {
  readonly style: Style;
  readonly text: string;
}

/** A piece of a line: text, which may come from a file, alone or in a style. */
export type LinePart = string | StyledText;

/** Wider cells are printed whole, up to what is shown of a name, and move what stands right of them. */
const widestColumn = 100;

export function styled(style: Style, text: string): StyledText {
  return { style, text };
}

/** Whether text in a style looks different there: on a terminal that wants colours (NO_COLOR, FORCE_COLOR). */
export function showsStyles(stream: OutputStream): boolean {
  return inStyle("bold", "x", stream) !== "x";
}

function inStyle(style: Style, text: string, stream: OutputStream): string {
  // Before 22.8, Node does not ask the stream.
  const isPlain = stream.isTTY !== true && process.env.FORCE_COLOR === undefined;
  return isPlain ? text : styleText(style, text, { stream });
}

/**
 * Writes a line that says something: long names and other long pieces in it are cut in their middle. Whatever a terminal would obey in a
 * line's text is made visible, here and in `writeText`: all that is not said as JSON goes through one of the two.
 */
export function writeLine(stream: OutputStream, ...line: readonly LinePart[]): void {
  write(stream, line, shownMessage);
}

/** Writes a line of a document: a piece of a text, a vector, at its full length. */
export function writeText(stream: OutputStream, ...line: readonly LinePart[]): void {
  write(stream, line, visibleText);
}

function write(stream: OutputStream, line: readonly LinePart[], shown: (text: string) => string): void {
  const written = line.map((part) => (typeof part === "string" ? shown(part) : inStyle(part.style, shown(part.text), stream)));
  stream.write(`${written.join("")}\n`);
}

export interface ColumnOptions {
  /** The style of a row, where its cells have none of their own; default: none. */
  readonly style?: ((row: number) => Style | undefined) | undefined;
}

/** A cell of a table: a name or a number, of which a long one is cut in its middle, or pieces of a text that stand as they are. */
export type Cell = LinePart | readonly LinePart[];

/** Writes rows as columns, each as wide as its longest cell, to a bound. */
export function writeColumns(stream: OutputStream, rows: readonly (readonly Cell[])[], { style }: ColumnOptions = {}): void {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, Math.min(widthOf(cell), widestColumn));
  }
  for (const [number, row] of rows.entries()) {
    // Spaces at a line's end are nothing to see.
    const last = row.findLastIndex((cell) => widthOf(cell) > 0);
    const rowStyle = style?.(number);
    const line = row.slice(0, last + 1).flatMap((cell, index): LinePart[] => {
      const parts = partsOf(cell).map((part) => (typeof part === "string" && rowStyle !== undefined ? styled(rowStyle, part) : part));
      return index === last ? parts : [...parts, `${" ".repeat(Math.max(0, (widths[index] ?? 0) - widthOf(cell)))}  `];
    });
    writeText(stream, ...line);
  }
}

function partsOf(cell: Cell): readonly LinePart[] {
  if (typeof cell === "string") return [boundedText(cell)];
  return "style" in cell ? [styled(cell.style, boundedText(cell.text))] : cell;
}

function widthOf(cell: Cell): number {
  return partsOf(cell).reduce((sum, part) => sum + visibleText(typeof part === "string" ? part : part.text).length, 0);
}

/** The style of a table's first row. */
export function headerStyle(row: number): Style | undefined {
  return row === 0 ? "bold" : undefined;
}
