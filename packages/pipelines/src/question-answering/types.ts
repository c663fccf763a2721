import type { RunOptions } from "../model/pipeline-options.ts";
import type { JobPipeline } from "../running/job-pipeline.ts";
import type { WindowOptions } from "../running/windows.ts";

/** A question, and the document that it is asked of. */
export interface QuestionAndContext {
  readonly question: string;
  /** The document, of any length. */
  readonly context: string;
}

/** Which answers are wanted, and how a long context is cut. */
export interface QuestionAnsweringOptions extends RunOptions, WindowOptions {
  /** How many answers, the best first. Default 1. */
  readonly topK?: number | undefined;
  /** Tokens an answer may have. Default 30. */
  readonly maxAnswerTokens?: number | undefined;
  /** Answers begin and end with words, not within them. Default true. Say false for languages that are not written with spaces. */
  readonly alignToWords?: boolean | undefined;
  /** The document may hold no answer: then "" with the score that every window gives that. Default false. */
  readonly noAnswer?: boolean | undefined;
}

/** A place in the context that answers the question. */
export interface Answer {
  /** `context.slice(start, end)`; "" when there is none (option noAnswer). */
  readonly answer: string;
  /** In UTF-16 units of the context. */
  readonly start: number;
  readonly end: number;
  /**
   * The probability of its first token times that of its last, within its window. Spans of one text are one answer and their scores add
   * up, so that an answer found in several windows can have more than 1.
   */
  readonly score: number;
}

/** The best answer, and all that were asked for. */
export interface QuestionAnsweringResult extends Answer {
  /** Up to `topK`, the best first. */
  readonly answers: readonly Answer[];
  /** How many windows the document was read in. */
  readonly windows: number;
}

/** Answers questions: what `questionAnswering` gives. It takes one, or a list. */
export interface QuestionAnswerer extends JobPipeline<QuestionAndContext, QuestionAnsweringOptions, QuestionAnsweringResult> {}
