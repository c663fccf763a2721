import { LongspanError } from "@longspan/core";
import { shownValue } from "@longspan/core/adapter";
import { readDocument, type DocumentContext, type DocumentOptions, type GivenText } from "../documents/read-document.ts";
import { textFields, type Job } from "./job.ts";

/** Reads the text that a job is about. */
export type ReadJobText = (job: Job) => Promise<GivenText>;

/**
 * Several questions of one document read it once: what was read last is kept.
 * @returns what throws LongspanError `inputs-invalid` for a job with no text, or more than one; and as `readDocument`.
 */
export function jobTextReader(options: DocumentOptions, context: DocumentContext): ReadJobText {
  let last: { readonly path: string; readonly read: Promise<GivenText> } | undefined;
  return async ({ fields, given: read, problem }) => {
    if (problem !== undefined) throw problem;
    if (read !== undefined) return read;
    const given = textFields.filter((name) => fields[name] !== undefined);
    const [name, other] = given;
    if (name === undefined)
      throw new LongspanError("inputs-invalid", "There is no text. Give it as text (or document), or a path as file.");
    if (other !== undefined) throw new LongspanError("inputs-invalid", `There is a ${name} and a ${other}. Give one of the two.`);
    const value = fields[name];
    if (typeof value !== "string") throw new LongspanError("inputs-invalid", `The ${name} is no text but ${shownValue(value)}.`);
    if (name !== "file") return { name: `the ${name}`, text: value };
    if (last?.path !== value) last = { path: value, read: readDocument(value, options, context) };
    return last.read;
  };
}

/** A field that has to be a text. @throws LongspanError `inputs-invalid`. */
export function textField({ fields }: Job, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  const what = value === undefined ? "There is no" : "There is no text as";
  throw new LongspanError("inputs-invalid", `${what} ${name}. Give it as the field ${name}, or to all with --${name}.`);
}
