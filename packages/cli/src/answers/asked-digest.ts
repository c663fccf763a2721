import { createHash } from "node:crypto";
import { stringifyJson } from "@longspan/core/adapter";
import type { Job } from "../jobs/job.ts";

/** Of two things that were asked under one id, one in 2^48 pairs would be taken for the same. */
const hexadecimalDigits = 12;

/**
 * What tells whether a job's line in an output is its answer: a short SHA-256 of the model, the command with its options, and the job's question, text (of a file, its
 * path) and own options.
 * @param run what is the same for all jobs
 * @param used a job's fields without those that are nothing of the command
 */
export function askedDigest(run: unknown, used: (job: Job) => Job["fields"]): (job: Job) => string {
  const same = createHash("sha256").update(stringifyJson(run));
  return (job) => {
    const fields = Object.entries(used(job)).filter(([name]) => name !== "id");
    const sorted = fields.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return same.copy().update(stringifyJson(sorted)).digest("hex").slice(0, hexadecimalDigits);
  };
}
