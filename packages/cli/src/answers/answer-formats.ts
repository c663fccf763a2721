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
  line(outcome: JobOutcome): string;
}

/** `{ id, … }`, or `{ id, error: { code, message } }`, on a line of its own. */
export const jsonlFormat: AnswerFormat = {
  header: "",
  line: ({ job, document, error }) =>
    `${JSON.stringify(error === undefined ? { id: job.id, ...document } : { id: job.id, error: lineError(error) })}\n`,
};

/**
 * CSV by RFC 4180: `id`, the given columns, `error_code` and `error_message`; lists as JSON.
 * @param cells the columns of a result, by name
 */
export function csvFormat(
  columns: readonly string[],
  cells: (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): AnswerFormat {
  const names = ["id", ...columns, "error_code", "error_message"];
  return {
    header: `${names.map(cellText).join(",")}\n`,
    line({ job, document, error }) {
      const failed = error === undefined ? undefined : lineError(error);
      const found = document === undefined ? {} : cells(document);
      const row = { ...found, id: job.id, error_code: failed?.code, error_message: failed?.message };
      return `${names.map((name) => cellText(Reflect.get(row, name))).join(",")}\n`;
    },
  };
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text;
}
