import type { Readable } from "node:stream";
import { styleText } from "node:util";

/** A process's stream, or what stands for it in a test. */
export type OutputStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Where a command's words come from and go to: documents to stdout, everything else to stderr. */
export interface Terminal {
  /** What `-` in place of a file's path reads. */
  readonly input: Readable;
  readonly out: OutputStream;
  readonly error: OutputStream;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Text for a stream, coloured only when that stream is a terminal that wants colours (NO_COLOR, FORCE_COLOR). */
export function styled(stream: OutputStream, style: Style, text: string): string {
  return styleText(style, text, { stream });
}

export function writeLine(stream: OutputStream, line = ""): void {
  stream.write(`${line}\n`);
}

/** Rows as columns: each as wide as its longest cell. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
