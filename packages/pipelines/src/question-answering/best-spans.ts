import { largest } from "../running/largest.ts";

/** Tokens `start` to `end` (included) of a window's document part, and the logarithm of their score. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly logScore: number;
}

export interface WindowScores {
  /** Logarithms of the probabilities that the answer begins (ends) with each of the document's tokens. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** The logarithm of the score of no answer: that of beginning and ending with the first special token. */
  readonly none: number;
}

/**
 * Probabilities of a window: softmax over the document's tokens and the first special token, the only places that may win (transformers
 * 4.57, pipelines/question_answering.py, select_starts_ends). In float64.
 */
export function windowScores(startLogits: Float32Array, endLogits: Float32Array, at: number, count: number): WindowScores {
  const starts = logSoftmax(startLogits, at, count);
  const ends = logSoftmax(endLogits, at, count);
  return { starts: starts.tokens, ends: ends.tokens, none: starts.first + ends.first };
}

function logSoftmax(logits: Float32Array, at: number, count: number): { readonly tokens: Float64Array; readonly first: number } {
  const first = logits[0] ?? 0;
  const tokens = Float64Array.from(logits.subarray(at, at + count));
  const max = tokens.reduce((max, logit) => Math.max(max, logit), first);
  const sum = tokens.reduce((total, logit) => total + Math.exp(logit - max), Math.exp(first - max));
  const shift = max + Math.log(sum);
  return { tokens: tokens.map((logit) => logit - shift), first: first - shift };
}

/** The `topK` best spans of at most `maxTokens` tokens, the best first. */
export function bestSpans({ starts, ends }: WindowScores, maxTokens: number, topK: number): readonly Span[] {
  const best = largest<Span>(topK);
  for (const [start, logStart] of starts.entries()) {
    const last = Math.min(start + maxTokens, ends.length);
    for (let end = start; end < last; end++) {
      const logScore = logStart + (ends[end] ?? 0);
      best.offer(logScore, () => ({ start, end, logScore }));
    }
  }
  return best.sorted();
}
