import { LongspanError } from "@longspan/core";
import type { GivenText } from "../documents/read-document.ts";
import { idSet, type IdSet } from "./id-set.ts";

/** What an answer is found again by. */
export type JobId = string | number;

/** One thing to do with a model, as it was given. */
export interface Job {
  readonly id: JobId;
  /** It was given no id: it has the number of its line for one. */
  readonly isNumbered?: boolean | undefined;
  /** `question`; `text`, `document` or `context`, or `file`; and options of the command. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What was read already, since it can be read but once; `fields` has its text, too. */
  readonly given?: GivenText | undefined;
  /** Why it cannot be done: its line could not be read. */
  readonly problem?: LongspanError | undefined;
}

/** A line of an input file, or a row of a table; numbered from 1. */
export interface JobLine {
  readonly number: number;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  readonly problem?: LongspanError | undefined;
}

/** Lines, and how far their source is read. */
export interface JobSource {
  /** For messages. */
  readonly name: string;
  readonly lines: AsyncIterable<JobLine>;
  /** How many lines there are; undefined where the source does not say it. */
  readonly count?: number | undefined;
  /** How much of the source is read, from 0 to 1; undefined where nobody knows how much there is. */
  share(): number | undefined;
  close(): Promise<void>;
}

/**
 * Lines as jobs. A line without an `id` has its number for one.
 * @param defaults fields of lines that lack them
 * @param given the document that the text of `defaults` is of
 */
export async function* jobsOf(
  lines: AsyncIterable<JobLine>,
  defaults: Readonly<Record<string, unknown>>,
  given?: GivenText,
): AsyncGenerator<Job, void, void> {
  for await (const { number, fields = {}, problem } of lines) {
    const said = namedFields(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
    const id = said.id ?? number;
    if (problem !== undefined) yield { id: number, isNumbered: true, fields: {}, problem };
    else if (id !== "" && (typeof id === "string" || (typeof id === "number" && Number.isFinite(id)))) {
      const own = hasText(said) ? undefined : given;
      const numbered = said.id === undefined ? { isNumbered: true } : {};
      yield { id, ...numbered, fields: withDefaults(said, defaults), ...(own === undefined ? {} : { given: own }) };
    } else {
      const what = id === "" ? "an empty text" : "no text and no number";
      const unusable = new LongspanError("inputs-invalid", `Line ${number}: its id is ${what}. Give a text or a number, or none.`);
      yield { id: number, isNumbered: true, fields: {}, problem: unusable };
    }
  }
}

/** Where a job's text may stand; `context` is what datasets of questions call it. */
export const textFields = ["text", "document", "context", "file"] as const;

/** Fields of a job that are no options. */
export const jobFields: ReadonlySet<string> = new Set(["id", "question", ...textFields]);

/** Fields of a job, whatever the case of their names: tables are headed `Question` and `ID`. One that is written as it is called goes first. */
function namedFields(fields: readonly (readonly [string, unknown])[]): Job["fields"] {
  const given = new Set(fields.map(([name]) => name));
  return Object.fromEntries(
    fields.map(([name, value]) => {
      const lower = name.toLowerCase();
      if (name === lower || given.has(lower) || !jobFields.has(lower)) return [name, value];
      given.add(lower);
      return [lower, value];
    }),
  );
}

function hasText(fields: Job["fields"]): boolean {
  return textFields.some((name) => fields[name] !== undefined);
}

function withDefaults(fields: Job["fields"], defaults: Job["fields"]): Job["fields"] {
  const hasOwn = hasText(fields);
  const missing = Object.entries(defaults).filter(([name]) => !(hasOwn && textFields.some((one) => one === name)));
  return { ...Object.fromEntries(missing), ...fields };
}

/**
 * Leaves out jobs whose answers are held already, and gives those whose id came before a problem. A line without an id, or one that cannot be read, is called by its number;
 * `line 7` where the ids of lines before are numbers, as that of one that comes later may be this one.
 * @param isHeld told of each job, and `isDuplicate` for those whose id came before
 */
export async function* uniqueJobs(
  jobs: AsyncIterable<Job> | Iterable<Job>,
  isHeld: (job: Job, isDuplicate: boolean) => boolean,
): AsyncGenerator<Job, void, void> {
  const seen = idSet();
  let haveNumbers = false;
  for await (const given of jobs) {
    if (given.isNumbered !== true && /^\d+$/.test(String(given.id))) haveNumbers = true;
    const job = given.isNumbered === true ? { ...given, id: freeId(haveNumbers ? `line ${given.id}` : given.id, seen) } : given;
    const key = String(job.id);
    const isDuplicate = seen.has(key);
    seen.add(key);
    if (isHeld(job, isDuplicate)) continue;
    if (!isDuplicate) yield job;
    else {
      const message = `The id ${JSON.stringify(job.id)} was given before, or is the number of a line before that has none: only the first is answered. Give each line an id of its own, or none.`;
      yield { ...job, problem: new LongspanError("duplicate-id", message, { details: { id: job.id } }) };
    }
  }
}

function freeId(wanted: JobId, seen: IdSet): JobId {
  let id = wanted;
  while (seen.has(String(id))) id = `line ${id}`;
  return id;
}
