import type { TokenizedText } from "../tokenizer/text-tokenizer.ts";
import { answerUnits } from "./answer-units.ts";
import { windowScores } from "./best-spans.ts";
import { documentAnswers, textProbabilities } from "./document-answers.ts";
import type { QuestionWindow } from "./question-windows.ts";
import { spanDistribution, type WindowLogits } from "./span-distribution.ts";
import { transformersAnswers } from "./transformers-answers.ts";
import type { Answer } from "./types.ts";

export interface CollectOptions {
  readonly topK: number;
  readonly maxAnswerTokens: number;
  readonly alignToWords: boolean;
  readonly noAnswer: boolean;
  readonly overlapping: boolean;
  readonly minScore: number;
}

/** Gathers one document's answers, window by window. */
export interface AnswerCollector {
  /** The logits of a window's tokens, special ones and the question's included. */
  add(window: QuestionWindow, starts: Float32Array, ends: Float32Array): void;
  /** Up to `topK` answers with at least `minScore`, the best first; and "", as it is scored whether it is one of them or not. */
  result(): { readonly answers: readonly Answer[]; readonly none: Answer };
}

export function collectAnswers(context: string, tokens: TokenizedText, options: CollectOptions): AnswerCollector {
  const windows: WindowLogits[] = [];
  const asTransformers = transformersAnswers(context, tokens, options);
  return {
    add(window, starts, ends) {
      const { at, first, count } = window;
      // Outputs live until the next run.
      const tokensOf = (logits: Float32Array): Float32Array => logits.slice(at, at + count);
      windows.push({ first, starts: tokensOf(starts), ends: tokensOf(ends), noStart: starts[0] ?? 0, noEnd: ends[0] ?? 0 });
      asTransformers.add(window, windowScores(starts, ends, at, count));
    },
    result() {
      const units = answerUnits(tokens, options.alignToWords);
      const distribution = spanDistribution(windows, units, options.maxAnswerTokens);
      const none = { answer: "", start: 0, end: 0, score: distribution.none, transformersScore: asTransformers.none() };
      return { answers: chosen(), none };

      function chosen(): readonly Answer[] {
        if (options.overlapping) {
          const found = asTransformers.answers();
          const texts = found.map(({ answer }) => answer.toLowerCase());
          const sums = textProbabilities(context, units, distribution, texts);
          return found
            .map((answer): Answer => ({
              ...answer,
              score: answer.answer === "" ? none.score : (sums.get(answer.answer.toLowerCase())?.score ?? 0),
            }))
            .filter(({ score }) => score >= options.minScore);
        }
        const found = documentAnswers(context, units, distribution, options.topK);
        return [...found, ...(options.noAnswer ? [none] : [])]
          .toSorted((a, b) => b.score - a.score)
          .slice(0, options.topK)
          .filter(({ score }) => score >= options.minScore);
      }
    },
  };
}
