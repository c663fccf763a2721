import { array, assert, boolean, float, integer, property, record, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import type { TokenizedText } from "../tokenizer/text-tokenizer.ts";
import { answerUnits } from "./answer-units.ts";
import { documentAnswers, textProbabilities } from "./document-answers.ts";
import { spanDistribution, type WindowLogits } from "./span-distribution.ts";

const logit = float({ min: -8, max: 8, noNaN: true });

/** Words of one to three tokens of one letter each. */
function textOf(wordLengths: readonly number[]): { readonly text: string; readonly tokens: TokenizedText } {
  let text = "";
  const [starts, words]: [number[], number[]] = [[], []];
  for (const [word, length] of wordLengths.entries()) {
    if (word > 0) text += " ";
    for (let token = 0; token < length; token++) {
      starts.push(text.length);
      words.push(word);
      text += "abc"[(word + token) % 3];
    }
  }
  const all = Int32Array.from(starts);
  return { text, tokens: { ids: all, starts: all, ends: all.map((start) => start + 1), words: Int32Array.from(words) } };
}

const documents = record({
  wordLengths: array(integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 7 }),
  logits: array(tuple(logit, logit), { minLength: 21, maxLength: 21 }),
  none: tuple(logit, logit),
  maxTokens: integer({ min: 1, max: 6 }),
  alignToWords: boolean(),
  room: integer({ min: 2, max: 8 }),
});

describe("over any document", () => {
  test("probabilities are those of all pieces written out, and add up to 1; answers are the likeliest, apart from each other", () => {
    assert(
      property(documents, ({ wordLengths, logits, none, maxTokens, alignToWords, room }) => {
        const { text, tokens } = textOf(wordLengths);
        const count = tokens.ids.length;
        const units = answerUnits(tokens, alignToWords);
        const windows: WindowLogits[] = [];
        for (let first = 0; first < count; first += Math.ceil(room / 2)) {
          const pairs = logits.slice(first, Math.min(first + room, count)).map(([start, end]) => [start + first / 8, end] as const);
          windows.push({
            first,
            starts: Float32Array.from(pairs, ([start]) => start),
            ends: Float32Array.from(pairs, ([, end]) => end),
            noStart: none[0] + first,
            noEnd: none[1],
          });
        }
        // By hand: every piece of every window.
        const weights = new Map<string, number>();
        let total = Math.exp(none[0] + none[1]);
        const noWeight = total;
        for (const { first, starts, ends } of windows) {
          for (const [start, startLogit] of starts.entries()) {
            for (let end = start; end < Math.min(start + maxTokens, ends.length); end++) {
              const weight = Math.exp(startLogit + (ends[end] ?? 0));
              const key = `${units.unitOf[first + start]} ${units.unitOf[first + end]}`;
              weights.set(key, (weights.get(key) ?? 0) + weight);
              total += weight;
            }
          }
        }
        const distribution = spanDistribution(windows, units, maxTokens);
        expect(distribution.none).toBeCloseTo(noWeight / total, 9);
        let sum = distribution.none;
        for (let unit = 0; unit < units.count; unit++) {
          for (const [more, probability] of distribution.from(unit).entries()) {
            expect(probability).toBeCloseTo((weights.get(`${unit} ${unit + more}`) ?? 0) / total, 9);
            sum += probability;
          }
        }
        expect(sum).toBeCloseTo(1, 9);

        const answers = documentAnswers(text, units, distribution, 50);
        for (const [index, { start, end, score, answer }] of answers.entries()) {
          expect(answer).toBe(text.slice(start, end));
          for (const other of answers.slice(0, index)) {
            expect(end <= other.start || start >= other.end).toBe(true);
            expect(score).toBeLessThanOrEqual(other.score);
          }
        }
        const [first] = [...weights.values()].toSorted((a, b) => b - a);
        expect(answers[0]?.score).toBeGreaterThanOrEqual((first ?? 0) / total - 1e-9);
        expect(answers.reduce((all, { score }) => all + score, 0)).toBeLessThanOrEqual(1 + 1e-9);
      }),
      { numRuns: 60 },
    );
  });
});

test("a window without an answer is not as sure as one with it", () => {
  const { tokens } = textOf([1, 1, 1, 1]);
  const units = answerUnits(tokens, true);
  const window = (first: number, high: number): WindowLogits => ({
    first,
    starts: Float32Array.of(high, -9),
    ends: Float32Array.of(high, -9),
    noStart: -20,
    noEnd: -20,
  });
  const distribution = spanDistribution([window(0, 1), window(2, 5)], units, 1);
  expect([...distribution.from(0)]).toEqual([expect.closeTo(Math.exp(-8), 3)]);
  expect([...distribution.from(2)]).toEqual([expect.closeTo(1, 3)]);
  // Each window's own softmax has them alike.
  expect(distribution.from(0, true)[0]).toBeCloseTo(distribution.from(2, true)[0] ?? 0, 3);
});

test("the same words in two places are one answer at the likelier one", () => {
  const text = "Ada or ada or Ada";
  const starts = Int32Array.of(0, 4, 7, 11, 14);
  const ends = Int32Array.of(3, 6, 10, 13, 17);
  const units = answerUnits({ ids: starts, starts, ends, words: Int32Array.of(0, 1, 2, 3, 4) }, true);
  const logits = Float32Array.of(1, -9, 1.5, -9, 1);
  const distribution = spanDistribution([{ first: 0, starts: logits, ends: logits, noStart: -30, noEnd: -30 }], units, 1);
  const answers = documentAnswers(text, units, distribution, 2);
  expect(answers[0]).toMatchObject({ answer: "ada", start: 7, end: 10, score: expect.closeTo(1, 6) });
  expect(answers[1]?.answer).toBe("or");
});

test("no sum overflows, and none vanishes", () => {
  const { tokens } = textOf([1, 1]);
  const logits = Float32Array.of(5000, -5000);
  const distribution = spanDistribution([{ first: 0, starts: logits, ends: logits, noStart: 0, noEnd: 0 }], answerUnits(tokens, true), 2);
  expect([distribution.none, ...distribution.from(0)]).toEqual([0, 1, 0]);
});

test("of any number of windows, and of answers of any length", () => {
  const { tokens } = textOf([1, 1]);
  const units = answerUnits(tokens, true);
  const window: WindowLogits = { first: 0, starts: Float32Array.of(0, 0), ends: Float32Array.of(0, 0), noStart: -20, noEnd: -20 };
  const distribution = spanDistribution(
    Array.from({ length: 200_000 }, () => window),
    units,
    Number.MAX_SAFE_INTEGER,
  );
  expect([...distribution.from(0)].map((value) => value.toFixed(3))).toEqual(["0.333", "0.333"]);
});

test("a text in many places is never likelier than certain, however its probabilities round", () => {
  const { text, tokens } = textOf([1, 1, 1, 1, 1, 1, 1]);
  const [first, , , fourth] = [0.5, 0, 0, 0.5 + 2 ** -52];
  const distribution = {
    none: 0,
    from: (unit: number) => Float64Array.of([first, 0, 0, fourth, 0, 0, 0][unit] ?? 0),
  };
  const sums = textProbabilities(text, answerUnits(tokens, true), distribution, ["a"]);
  expect(sums.get("a")).toEqual({ score: 1, transformersScore: first + fourth });
});
