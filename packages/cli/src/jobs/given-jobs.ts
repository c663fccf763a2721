import { LongspanError } from "@longspan/core";
import type { Terminal } from "../terminal.ts";
import { isReadOnce, readDocument, requireWords, type DocumentOptions } from "../documents/read-document.ts";
import { documentPaths } from "./document-paths.ts";
import type { Job, JobId } from "./job.ts";

/** What the command line's options give to read. */
export interface GivenWords extends DocumentOptions {
  readonly text?: readonly string[] | undefined;
  readonly document: readonly string[];
  /** Undefined for commands that ask nothing. */
  readonly question?: readonly string[] | undefined;
}

/**
 * Each text, each document, and each question of each of them, in this order. A document's id is its path (with several questions,
 * `path#1`, `path#2`, …), a text's its number (`text 1` where a document is called 1).
 * @param onNote told of a document that was given twice
 * @throws LongspanError `argument-invalid` where there is nothing to read or to ask; `inputs-invalid` for a text or a question without a word, before
 * a model is loaded for nothing; and as `documentPaths`.
 */
export async function givenJobs(
  { text = [], document, question, ...options }: GivenWords,
  { terminal, signal, onNote }: { readonly terminal: Terminal; readonly signal: AbortSignal; readonly onNote: (note: string) => void },
): Promise<readonly Job[]> {
  if (text.length === 0 && document.length === 0) throw new LongspanError("argument-invalid", nothingToRead(question !== undefined));
  if (question?.length === 0)
    throw new LongspanError("argument-invalid", "Say what is asked with --question, or give many questions with --input (a file of jobs).");
  for (const one of text) requireWords("The text", one);
  for (const one of question ?? []) requireWords("The question", one);
  const paths = await documentPaths(document, (path) => onNote(`${path} was given twice; it is read once.`));
  const sources: Job[] = text.map((one, index) => ({ id: textId(index + 1, paths), fields: { text: one } }));
  for (const path of paths) {
    const given = (await isReadOnce(path)) ? await readDocument(path, options, { terminal, signal }) : undefined;
    sources.push({
      id: path === "-" ? "standard input" : path,
      fields: given === undefined ? { file: path } : { text: given.text },
      given,
    });
  }
  if (question === undefined) return sources;
  return sources.flatMap(({ id, fields, given }) =>
    question.map((asked, index) => ({
      given,
      id: question.length === 1 ? id : `${id}#${index + 1}`,
      fields: { ...fields, question: asked },
    })),
  );
}

function textId(number: number, paths: readonly string[]): JobId {
  let id: JobId = number;
  while (paths.includes(String(id))) id = `text ${id}`;
  return id;
}

function nothingToRead(isAsked: boolean): string {
  return isAsked
    ? "Give a document with --document (a file, a folder or a pattern; - reads standard input), or many jobs with --input."
    : "Give a text with --text, a file with --document (- reads standard input), or many with --input.";
}
