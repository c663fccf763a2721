import { signal } from "@preact/signals";
import { createWorkClient, type WorkClient } from "../client/work-client.ts";
import { PageFailure, type Problem } from "../protocol/problem.ts";

/** What the page's Content-Security-Policy lets it connect to, as the browser goes by it. */
export const policy: string = document.querySelector<HTMLMetaElement>('meta[http-equiv="Content-Security-Policy"]')?.content ?? "";

export const connectSources: readonly string[] =
  policy
    .split(";")
    .map((directive) => directive.trim().split(/\s+/))
    .find(([name]) => name === "connect-src")
    ?.slice(1) ?? [];

/** Counts how often the worker has gone: what it held has to be loaded again. */
export const workerDeaths = signal(0);

export const work: WorkClient = createWorkClient({
  connect: connectSources,
  onGone: () => {
    workerDeaths.value++;
  },
});

export function problemOf(error: unknown): Problem {
  if (error instanceof PageFailure) return error.problem;
  return { code: "unexpected", message: error instanceof Error ? error.message : String(error) };
}
