import { priorityQueue } from "../running/priority-queue.ts";
import type { AnswerUnits } from "./answer-units.ts";
import type { SpanDistribution } from "./span-distribution.ts";
import type { Answer } from "./types.ts";

/** A place in the document, in units, both ends included. */
interface Candidate {
  readonly first: number;
  readonly last: number;
  readonly probability: number;
}

/** Some more places than answers, since a text that stands in several may be the likelier one. */
function placesFor(topK: number): number {
  return topK * 2 + 10;
}

/**
 * The likeliest answers of which no two overlap, the best first. Places of one text, whatever its case, are one answer at the likeliest of them, with the probabilities of
 * all of its places added up.
 * @param topK how many at most
 */
export function documentAnswers(context: string, units: AnswerUnits, distribution: SpanDistribution, topK: number): readonly Answer[] {
  const places = new Map<string, Candidate>();
  for (const candidate of separatePlaces(context, units, distribution)) {
    const key = textOf(context, units, candidate).toLowerCase();
    if (!places.has(key)) places.set(key, candidate);
    if (places.size === placesFor(topK)) break;
  }
  const sums = textProbabilities(context, units, distribution, [...places.keys()]);
  return [...places]
    .map(([key, { first, last }]): Answer => {
      const [start, end] = [units.start(first), units.end(last)];
      const { score = 0, transformersScore = 0 } = sums.get(key) ?? {};
      return { answer: context.slice(start, end), start, end, score, transformersScore };
    })
    .toSorted((a, b) => b.score - a.score)
    .slice(0, topK);
}

/** The likeliest place, the likeliest of those that do not overlap it, and so on. */
function* separatePlaces(context: string, units: AnswerUnits, distribution: SpanDistribution): Generator<Candidate, void, void> {
  const isBlank = Array.from({ length: units.count }, (_, unit) => context.slice(units.start(unit), units.end(unit)).trim() === "");
  const isTaken = new Uint8Array(units.count);
  /** The likeliest place that begins with a unit and ends before another one. */
  const likeliest = (first: number, before: number): Candidate | undefined => {
    if (isBlank[first] === true) return undefined;
    let [last, probability] = [-1, 0];
    for (const [more, value] of distribution.from(first).entries()) {
      if (first + more >= before) break;
      if (value <= probability || isBlank[first + more] === true) continue;
      [last, probability] = [first + more, value];
    }
    return last === -1 ? undefined : { first, last, probability };
  };
  const waiting = priorityQueue<Candidate>(
    (a, b) => a.probability > b.probability || (a.probability === b.probability && a.first < b.first),
  );
  for (let unit = 0; unit < units.count; unit++) {
    const candidate = likeliest(unit, units.count);
    if (candidate !== undefined) waiting.push(candidate);
  }
  for (let candidate = waiting.pop(); candidate !== undefined; candidate = waiting.pop()) {
    const { first, last } = candidate;
    const taken = isTaken.subarray(first, last + 1).indexOf(1);
    if (taken === -1) {
      isTaken.fill(1, first, last + 1);
      yield candidate;
    } else if (taken > 0) {
      // What begins there may end sooner.
      const shorter = likeliest(first, first + taken);
      if (shorter !== undefined) waiting.push(shorter);
    }
  }
}

interface TextProbability {
  readonly score: number;
  readonly transformersScore: number;
}

/** The probabilities of all places of each of some texts, added up: one walk through the document, however many texts. */
export function textProbabilities(
  context: string,
  units: AnswerUnits,
  distribution: SpanDistribution,
  texts: readonly string[],
): ReadonlyMap<string, TextProbability> {
  const sums = new Map(texts.map((text): [string, TextProbability] => [text, { score: 0, transformersScore: 0 }]));
  const unitText = (first: number, last: number): string => textOf(context, units, { first, last }).toLowerCase();
  const lengths = lengthsByBeginning(texts);
  for (let unit = 0; unit < units.count; unit++) {
    const own = unitText(unit, unit);
    const longest = lengths.get(own.slice(0, beginningLength)) ?? 0;
    if (longest === 0 || own === "") continue;
    const found: { readonly more: number; readonly text: string; readonly score: number }[] = [];
    for (const [more, score] of distribution.from(unit).entries()) {
      if (units.end(unit + more) - units.start(unit) > longest) break;
      const text = unitText(unit, unit + more);
      if (sums.has(text)) found.push({ more, text, score });
    }
    if (found.length === 0) continue;
    const byWindow = distribution.from(unit, true);
    for (const { more, text, score } of found) {
      const sum = sums.get(text);
      if (sum === undefined) continue;
      sums.set(text, { score: sum.score + score, transformersScore: sum.transformersScore + (byWindow[more] ?? 0) });
    }
  }
  // Of probabilities that were added up in float64.
  for (const [text, { score, transformersScore }] of sums) if (score > 1) sums.set(text, { score: 1, transformersScore });
  return sums;
}

/** By so many letters, most units are seen to begin none of the texts. */
const beginningLength = 1;

/** The length of the longest text with each beginning. Case may change lengths by a little. */
function lengthsByBeginning(texts: readonly string[]): ReadonlyMap<string, number> {
  const lengths = new Map<string, number>();
  for (const text of texts) {
    const beginning = text.slice(0, beginningLength);
    lengths.set(beginning, Math.max(lengths.get(beginning) ?? 0, text.length * 2));
  }
  return lengths;
}

function textOf(context: string, units: AnswerUnits, { first, last }: Pick<Candidate, "first" | "last">): string {
  return context.slice(units.start(first), units.end(last));
}
