import { LongspanError } from "@longspan/core";
import type { JobOutcome } from "../jobs/text-pipeline.ts";

/** What `--output` may be. */
export type OutputFormat = "jsonl" | "csv";

/** The error of a line. */
interface LineError {
  readonly code: string;
  readonly message: string;
}

/** What a program is told of an error; one without a code is a bug of ours. */
function lineError(error: Error): LineError {
  return { code: LongspanError.isInstance(error) ? error.code : "bug", message: error.message };
}

/** How outcomes become lines. */
export interface AnswerFormat {
  /** What stands above all lines; "" where nothing does. */
  readonly header: string;
  /** @param asked a digest of what was asked, where it is kept */
  line(outcome: JobOutcome, asked?: string): string;
}

/** `{ id, asked?, … }`, or `{ id, asked?, error: { code, message } }`, on a line of its own. */
export const jsonlFormat: AnswerFormat = {
  header: "",
  line: ({ job, document, error }, asked) =>
    `${JSON.stringify({ id: job.id, asked, ...(error === undefined ? document : { error: lineError(error) }) })}\n`,
};

/**
 * CSV by RFC 4180: `id`, the given columns, `error_code` and `error_message`, and `asked` where it is kept; lists as JSON.
 * @param cells the columns of a result, by name
 */
export function csvFormat(
  columns: readonly string[],
  cells: (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
  keepsAsked: boolean,
): AnswerFormat {
  const names = ["id", ...columns, "error_code", "error_message", ...(keepsAsked ? ["asked"] : [])];
  return {
    header: `${names.map(cellText).join(",")}\n`,
    line({ job, document, error }, asked) {
      const failed = error === undefined ? undefined : lineError(error);
      const found = document === undefined ? {} : cells(document);
      const row = { ...found, id: job.id, error_code: failed?.code, error_message: failed?.message, asked };
      return `${names.map((name) => cellText(Reflect.get(row, name))).join(",")}\n`;
    },
  };
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}
