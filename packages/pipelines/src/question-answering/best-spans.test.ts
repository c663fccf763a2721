import { array, assert, float, integer, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { bestSpans, windowScores } from "./best-spans.ts";

const logit = float({ min: -20, max: 20, noNaN: true });

test("the best spans are those of all spans sorted", () => {
  const scores = array(tuple(logit, logit), { minLength: 1, maxLength: 25 });
  assert(
    property(scores, integer({ min: 1, max: 8 }), integer({ min: 1, max: 12 }), (pairs, longest, most) => {
      const starts = Float64Array.from(pairs, ([start]) => start);
      const ends = Float64Array.from(pairs, ([, end]) => end);
      const all = pairs.flatMap((_, start) =>
        Array.from({ length: Math.min(longest, pairs.length - start) }, (_, length) => (starts[start] ?? 0) + (ends[start + length] ?? 0)),
      );
      const found = bestSpans({ starts, ends, none: 0 }, longest, most);
      expect(found.map(({ logScore }) => logScore)).toEqual(all.toSorted((a, b) => b - a).slice(0, most));
      for (const { start, end, logScore } of found) {
        expect(end).toBeGreaterThanOrEqual(start);
        expect(end - start).toBeLessThan(longest);
        expect(logScore).toBe((starts[start] ?? 0) + (ends[end] ?? 0));
      }
    }),
  );
});

test("probabilities are over the document and the first token; extreme logits neither overflow nor vanish", () => {
  const logits = Float32Array.of(1, 50, 50, 2, 3, 50);
  const { starts, none } = windowScores(logits, logits, 3, 2);
  const sum = Math.exp(1) + Math.exp(2) + Math.exp(3);
  expect([...starts]).toEqual([2, 3].map((value) => expect.closeTo(Math.log(Math.exp(value) / sum), 12)));
  expect(none).toBeCloseTo(2 * Math.log(Math.exp(1) / sum), 12);
  const extreme = windowScores(Float32Array.of(0, -5000, 5000), Float32Array.of(0, 5000, -5000), 1, 2);
  expect(bestSpans(extreme, 1, 1)).toHaveLength(1);
});
