import { LongspanError } from "@longspan/core";
import { readDocument, requireWords, type DocumentContext, type DocumentOptions } from "../documents/read-document.ts";
import { documentPaths } from "./document-paths.ts";
import type { Job, JobId } from "./job.ts";
import { isReadOnce } from "../read-once.ts";

/** What the command line's options give to read. */
export interface GivenWords extends DocumentOptions {
  readonly text?: readonly string[] | undefined;
  readonly document: readonly string[];
  /** Undefined for commands that ask nothing. */
  readonly question?: readonly string[] | undefined;
}

export interface GivenJobs {
  readonly jobs: readonly Job[];
  /** Whether one thing was given: a text or a file, and no folder or pattern, however many files that means. */
  readonly isSingle: boolean;
}

interface GivenContext extends DocumentContext {
  readonly onNote: (note: string) => void;
}

/**
 * Each text, each document, and each question of each of them, in this order. A document's id is its path (with several questions,
 * `path#1`, `path#2`, …), a text's its number (`text 1` where a document is called 1).
 * What cannot be read has its problem, so that the others are answered.
 * @param onNote told of a document that was given twice, and of what in folders is not read
 * @throws LongspanError `argument-invalid` where there is nothing to read or to ask; what is wrong with the only one, before a model is loaded for nothing; `aborted`.
 */
export async function givenJobs({ text = [], document, question, ...options }: GivenWords, context: GivenContext): Promise<GivenJobs> {
  if (text.length === 0 && document.length === 0) throw new LongspanError("argument-invalid", nothingToRead(question !== undefined));
  if (question?.length === 0)
    throw new LongspanError("argument-invalid", "Say what is asked with --question, or give many questions with --input (a file of jobs).");
  const found = await documentPaths(document, context.onNote);
  const taken = new Set(found.map(({ path }) => path));
  const sources: Job[] = text.map((one, index) => ({
    id: textId(index + 1, taken),
    fields: { text: one },
    problem: problemOf(() => requireWords("The text", one)),
  }));
  for (const { path, problem } of found) sources.push({ id: nameOf(path), ...(await documentJob(path, problem, options, context)) });
  const jobs = question === undefined ? sources : sources.flatMap((source) => asked(source, question));
  const isSingle =
    text.length + document.length === 1 && (question?.length ?? 1) === 1 && (document[0] ?? found[0]?.path) === found[0]?.path;
  if (isSingle && jobs[0]?.problem !== undefined) throw jobs[0].problem;
  return { jobs, isSingle };
}

/** Each question of a text or a document. */
function asked({ id, fields, given, problem }: Job, questions: readonly string[]): readonly Job[] {
  return questions.map((question, index) => ({
    given,
    id: questions.length === 1 ? id : `${id}#${index + 1}`,
    fields: { ...fields, question },
    problem: problem ?? problemOf(() => requireWords("The question", question)),
  }));
}

/** What can be read but once is read here. */
async function documentJob(
  path: string,
  missing: LongspanError | undefined,
  options: DocumentOptions,
  { terminal, signal }: GivenContext,
): Promise<Pick<Job, "fields" | "given" | "problem">> {
  if (missing !== undefined || !(await isReadOnce(path))) return { fields: { file: path }, problem: missing };
  try {
    const given = await readDocument(path, options, { terminal, signal });
    return { fields: { text: given.text }, given };
  } catch (error) {
    if (!LongspanError.isInstance(error) || error.code === "aborted") throw error;
    return { fields: { file: path }, problem: error };
  }
}

function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

function problemOf(check: () => void): LongspanError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (LongspanError.isInstance(error)) return error;
    throw error;
  }
}

function textId(number: number, taken: ReadonlySet<string>): JobId {
  let id: JobId = number;
  while (taken.has(String(id))) id = `text ${id}`;
  return id;
}

function nothingToRead(isAsked: boolean): string {
  return isAsked
    ? "Give a document with --document (a file, a folder or a pattern; - reads standard input), or many jobs with --input."
    : "Give a text with --text, a file with --document (- reads standard input), or many with --input.";
}
