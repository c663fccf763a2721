/** An error as both sides of the page see it: plain data, so that it crosses from the worker whole. */
export interface Problem {
  /** A code of Longspan's errors, or one of the page's own. */
  readonly code: string;
  /** A sentence, in English where it comes from the library. */
  readonly message: string;
}

/** The page's own codes, each with its sentence in every language. */
export const pageCodes = ["worker-gone", "quota-full", "permission-needed", "unexpected", "place-refused", "no-storage"] as const;
export type PageCode = (typeof pageCodes)[number];

/** A failure on its way through the page. */
export class PageFailure extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}
