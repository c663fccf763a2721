import type { TokenizedText } from "../tokenizer/text-tokenizer.ts";
import { bestSpans, type Span, type WindowScores } from "./best-spans.ts";
import type { QuestionWindow } from "./question-windows.ts";
import type { Answer } from "./types.ts";

interface TransformersOptions {
  readonly topK: number;
  readonly maxAnswerTokens: number;
  readonly alignToWords: boolean;
  readonly noAnswer: boolean;
}

/** An answer as transformers has it. */
type TransformersAnswer = Omit<Answer, "score">;

/** Gathers one document's answers as transformers does, window by window. */
export interface TransformersAnswers {
  add(window: QuestionWindow, scores: WindowScores): void;
  /** Up to `topK` answers, the best first. */
  answers(): readonly TransformersAnswer[];
  /** The score of no answer. */
  none(): number;
}

/**
 * The answers of all windows together, by the rules of transformers' pipeline (4.57, pipelines/question_answering.py, postprocess):
 * from each window its best spans (some more than asked for, since words join several), moved to the ends of words where asked; spans
 * of the same text, whatever its case, are one answer at the first one's place, with their scores added; no answer scores the least
 * that any window gives it.
 */
export function transformersAnswers(context: string, tokens: TokenizedText, options: TransformersOptions): TransformersAnswers {
  const found = new Map<string, TransformersAnswer>();
  let none = Infinity;
  return {
    add(window, scores) {
      none = Math.min(none, Math.exp(scores.none));
      const most = options.alignToWords ? options.topK * 2 + 10 : options.topK;
      for (const span of bestSpans(scores, options.maxAnswerTokens, most)) {
        const { start, end } = options.alignToWords ? wordsOf(span, window, tokens) : placeOf(span, window, tokens);
        const answer = context.slice(start, end);
        const key = answer.toLowerCase();
        const transformersScore = Math.exp(span.logScore);
        const same = found.get(key);
        found.set(
          key,
          same === undefined
            ? { answer, start, end, transformersScore }
            : { ...same, transformersScore: same.transformersScore + transformersScore },
        );
      }
    },
    answers() {
      const all = [...found.values(), ...(options.noAnswer ? [{ answer: "", start: 0, end: 0, transformersScore: none }] : [])];
      return all.toSorted((a, b) => b.transformersScore - a.transformersScore).slice(0, options.topK);
    },
    none: () => none,
  };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function placeOf(span: Span, window: QuestionWindow, { starts, ends }: TokenizedText): Place {
  return { start: starts[window.first + span.start] ?? 0, end: ends[window.first + span.end] ?? 0 };
}

/** From the first token in the window of the first token's word to the last of the last one's. */
function wordsOf(span: Span, window: QuestionWindow, { starts, ends, words }: TokenizedText): Place {
  let first = window.first + span.start;
  let last = window.first + span.end;
  const end = window.first + window.count - 1;
  while (first > window.first && words[first - 1] === words[first]) first--;
  while (last < end && words[last + 1] === words[last]) last++;
  return { start: starts[first] ?? 0, end: ends[last] ?? 0 };
}
