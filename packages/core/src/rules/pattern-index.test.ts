import fc from "fast-check";
import { expect, test } from "vitest";
import { matchPattern, parsePattern } from "./pattern.ts";
import { indexPatterns } from "./pattern-index.ts";

const segment = fc.constantFrom("a", "b", "0", "{i}", "{p:a|b}", "{r:b|0}");
const pattern = fc.uniqueArray(segment, { minLength: 1, maxLength: 3 }).map((parts) => parsePattern(parts.join(".")));
const name = fc.array(fc.constantFrom("a", "b", "0", "7", "07"), { maxLength: 4 });

test("finds exactly the patterns that match one by one", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 12 }), name, (patterns, segments) => {
      const found = indexPatterns(patterns, (one) => one).find(segments);
      expect(new Set(found)).toEqual(new Set(patterns.filter((one) => matchPattern(one, segments) !== undefined)));
    }),
    { numRuns: 1000 },
  );
});
