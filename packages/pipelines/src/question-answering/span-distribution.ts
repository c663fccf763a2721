import type { AnswerUnits } from "./answer-units.ts";

/** The scores of one window. */
export interface WindowLogits {
  /** The first token of the document that is in the window. */
  readonly first: number;
  /** Of each of the document's tokens in the window: how well the answer begins (ends) with it. */
  readonly starts: Float32Array;
  readonly ends: Float32Array;
  /** The same of the first special token, by which a model says that there is no answer. */
  readonly noStart: number;
  readonly noEnd: number;
}

/**
 * How likely each piece of a document is the answer, as all windows together say.
 *
 * A piece from token i to token j has the weight exp(start_i + end_j), added up over the windows that hold it; no answer the least weight that any window gives it.
 * The sum of all weights is 1: a softmax over the pieces of the whole document ("shared normalization", Clark and Gardner 2018), where each window's own
 * softmax would make a window without an answer as sure as one with it. In units (words), the tokens' pieces that stand for one piece add up.
 */
export interface SpanDistribution {
  /** The probability of no answer. */
  readonly none: number;
  /**
   * The probabilities of the pieces that begin with a unit: of it alone, of it and the next one, and so on. To be read before the next call.
   * @param byWindow with each window's own softmax instead, added up: what transformers gives as scores
   */
  from(unit: number, byWindow?: boolean): Float64Array;
}

interface WeighedWindow {
  readonly first: number;
  readonly end: number;
  /** exp(start - its largest), exp(end - its largest). */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** What a product of the two is multiplied by. */
  scale: number;
  readonly scaleByWindow: number;
}

/** @param maxTokens tokens that a piece may have */
export function spanDistribution(windows: readonly WindowLogits[], units: AnswerUnits, maxTokens: number): SpanDistribution {
  const largestLogit = largestOf(windows.map(({ starts, ends }) => largestOf(starts) + largestOf(ends)));
  const weighed = windows.map((window) => weigh(window, largestLogit));
  const none = Math.exp(-largestOf(windows.map(({ noStart, noEnd }) => -(noStart + noEnd))) - largestLogit);
  const sums = new Float64Array(Math.min(maxTokens, units.count));

  /** The first of the windows that hold a token; windows stand in the document's order. */
  const firstWindow = (token: number): number => {
    let [low, high] = [0, weighed.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((weighed[middle]?.end ?? 0) <= token) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const from = (unit: number, byWindow = false): Float64Array => {
    const [first = 0, next = 0] = units.firstTokens.subarray(unit, unit + 2);
    let count = 0;
    sums.fill(0);
    for (let index = firstWindow(first); index < weighed.length; index++) {
      const window = weighed[index];
      if (window === undefined || window.first >= next) break;
      const scale = byWindow ? window.scaleByWindow : window.scale;
      for (let start = Math.max(first, window.first); start < Math.min(next, window.end); start++) {
        const weight = scale * (window.starts[start - window.first] ?? 0);
        const last = Math.min(start + maxTokens, window.end);
        for (let end = start; end < last; end++) {
          const to = (units.unitOf[end] ?? 0) - unit;
          sums[to] = (sums[to] ?? 0) + weight * (window.ends[end - window.first] ?? 0);
          if (to >= count) count = to + 1;
        }
      }
    }
    return sums.subarray(0, count);
  };

  let total = none;
  for (let unit = 0; unit < units.count; unit++) for (const weight of from(unit)) total += weight;
  for (const window of weighed) window.scale /= total;
  return { none: none / total, from };
}

function weigh({ first, starts, ends, noStart, noEnd }: WindowLogits, largestLogit: number): WeighedWindow {
  const [largestStart, largestEnd] = [largestOf(starts), largestOf(ends)];
  const startWeights = Float64Array.from(starts, (logit) => Math.exp(logit - largestStart));
  const endWeights = Float64Array.from(ends, (logit) => Math.exp(logit - largestEnd));
  return {
    first,
    end: first + starts.length,
    starts: startWeights,
    ends: endWeights,
    scale: Math.exp(largestStart + largestEnd - largestLogit),
    // The first special token may win, too: see `windowScores`.
    scaleByWindow: 1 / ((sumOf(startWeights) + Math.exp(noStart - largestStart)) * (sumOf(endWeights) + Math.exp(noEnd - largestEnd))),
  };
}

function largestOf(values: Iterable<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) largest = Math.max(largest, value);
  return largest;
}

function sumOf(weights: Float64Array): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}
