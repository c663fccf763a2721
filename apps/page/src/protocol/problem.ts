/** An error as both sides of the page see it: plain data, so that it crosses from the worker whole. */
export interface Problem {
  /** A code of Longspan's errors, or one of the page's own: a key of `texts.problem.hints`, `no-text` or `no-file`. */
  readonly code: string;
  /** A sentence, in English where it comes from the library. */
  readonly message: string;
  /** What the page's own sentence names: an address, a file. */
  readonly about?: string | undefined;
}

/** A failure on its way through the page. */
export class PageFailure extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}
