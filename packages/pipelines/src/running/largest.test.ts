import { array, assert, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { largest } from "./largest.ts";

test("they are the first of all, sorted; of equal ones the earlier", () => {
  assert(
    property(array(integer({ min: -5, max: 5 })), integer({ min: 1, max: 12 }), (values, count) => {
      const best = largest<number>(count);
      for (const [index, value] of values.entries()) best.offer(value, () => index);
      const sorted = [...values.keys()].toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b).slice(0, count);
      expect(best.sorted()).toEqual(sorted);
      expect(best.sorted()).toEqual(sorted);
    }),
  );
});
