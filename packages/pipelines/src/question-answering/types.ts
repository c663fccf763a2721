import type { RunOptions } from "../model/pipeline-options.ts";
import type { JobPipeline } from "../running/job-pipeline.ts";
import type { WindowOptions } from "../running/windows.ts";

/** Of a best answer with less, `lowConfidence` is true. */
export const lowConfidenceScore: number = 0.2;

/** A question, and the document that it is asked of. */
export interface QuestionAndContext {
  /** Has to fit into the model together with some of the document: it is never cut. */
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
  /** The document may hold no answer: then "" is one of the answers, with the probability of that. Default false. */
  readonly noAnswer?: boolean | undefined;
  /**
   * Answers as transformers' pipeline finds and orders them: by the scores of windows, where the second best is often the best with a word more; else answers that
   * do not overlap, by their probability over the document. Default false. */
  readonly overlapping?: boolean | undefined;
  /** Answers with a lower score are left out, from 0 to 1. Default 0. */
  readonly minScore?: number | undefined;
}

/** A place in the context that answers the question. */
export interface Answer {
  /** `context.slice(start, end)`; "" when there is none (option noAnswer). */
  readonly answer: string;
  /** In UTF-16 units of the context. */
  readonly start: number;
  /** Behind its last character, in UTF-16 units of the context. */
  readonly end: number;
  /**
   * The probability that this text is the answer, among all pieces of the document that may be one, and none: from 0 to 1. Where the text stands in several places,
   * their probabilities add up. See `SpanDistribution` for the formula. How far it can be trusted, the model's training decides.
   */
  readonly score: number;
  /**
   * What transformers calls the score: the probability of the first token times that of the last one within a window, added up over windows and places of the same
   * text, so that it may exceed 1.
   */
  readonly transformersScore: number;
}

/** The best answer, and all that were asked for. */
export interface QuestionAnsweringResult extends Answer {
  /** Whether the best answer's score is below 0.2: the model sees others, or none, that are as likely. */
  readonly lowConfidence: boolean;
  /** Up to `topK`, the best first. Empty where none has `minScore`; the best answer is "" then. */
  readonly answers: readonly Answer[];
  /** How many windows the document was read in. */
  readonly windows: number;
}

/** Answers questions: what `questionAnswering` gives. It takes one, or a list. */
export interface QuestionAnswerer extends JobPipeline<QuestionAndContext, QuestionAnsweringOptions, QuestionAnsweringResult> {}
