import { LongspanError } from "@longspan/core";
import { givenJobs } from "../jobs/given-jobs.ts";
import { jobsOf, type Job } from "../jobs/job.ts";
import { openJobs } from "../jobs/open-jobs.ts";
import { noteWarnings } from "../output/notes.ts";
import type { Terminal } from "../terminal.ts";
import { readDocument, type DocumentContext, type DocumentOptions, type GivenText } from "../documents/read-document.ts";
import type { TextCommandOptions } from "./text-command.ts";
import { isReadOnce } from "../read-once.ts";

/** Where a run's jobs come from. */
export interface Source {
  readonly jobs: AsyncIterable<Job> | Iterable<Job>;
  /** The files that are read, as far as the command line says them. */
  readonly files: readonly string[];
  /** How many jobs there are; undefined where that is not known before they are read. */
  readonly total?: number | undefined;
  /** Which part of it is read; undefined where nobody knows. */
  share(): number | undefined;
  close(): Promise<void>;
}

/**
 * The jobs of `--input`, with the one `--question` and the one `--document` that there may be beside it for lines that have none; or what the command
 * line gives.
 * @throws LongspanError `argument-invalid`, and as `openJobs` and `givenJobs`.
 */
export async function openSource(options: TextCommandOptions, terminal: Terminal, signal: AbortSignal): Promise<Source> {
  const { input, inputFormat, question, text = [], document, encoding, timeout } = options;
  if (input === undefined) {
    const onNote = (note: string): void => noteWarnings([note], terminal);
    const { jobs } = await givenJobs({ text, document, question, encoding, timeout }, { terminal, signal, onNote });
    const files = jobs.flatMap(({ fields: { file } }) => (typeof file === "string" ? [file] : []));
    return { jobs, files, total: jobs.length, share: () => 1, close: async () => {} };
  }
  const texts = [...text, ...document];
  if (texts.length > 1 || (question?.length ?? 0) > 1)
    throw new LongspanError(
      "argument-invalid",
      `Beside --input, one --question and one ${question === undefined ? "text" : "document"} may be given: for lines that have none. Put the others into the file.`,
    );
  if (document[0] === "-" && input === "-")
    throw new LongspanError("argument-invalid", "Standard input is --input or --document, not both. Give a file to one of them.");
  const [path] = document;
  const given = text.length === 0 ? await readOnce(path, options, { terminal, signal }) : undefined;
  const shared = text.length > 0 ? { text: text[0] } : given === undefined ? { file: path } : { text: given.text };
  const lines = await openJobs(input, inputFormat, terminal);
  const defaults = Object.fromEntries(Object.entries({ ...shared, question: question?.[0] }).filter(([, value]) => value !== undefined));
  const jobs = jobsOf(lines.lines, defaults, given);
  const files = [input, ...document];
  return { jobs, files, total: lines.count, share: () => lines.share(), close: () => lines.close() };
}

/** A document that is given to all lines, where it can be read but once. */
async function readOnce(path: string | undefined, options: DocumentOptions, context: DocumentContext): Promise<GivenText | undefined> {
  return path !== undefined && (await isReadOnce(path)) ? readDocument(path, options, context) : undefined;
}
