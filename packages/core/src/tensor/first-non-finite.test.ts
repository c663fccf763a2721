import { expect, test } from "vitest";
import { firstNonFinite } from "./first-non-finite.ts";

test("finds what is no finite number, and the first of several", () => {
  expect(firstNonFinite(new Float32Array(0))).toBe(-1);
  const largest = 3.4028234663852886e38;
  expect(firstNonFinite(Float32Array.of(0, -0, 1e-45, largest, -largest))).toBe(-1);
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    for (const at of [0, 3, 6]) expect(firstNonFinite(new Float32Array(7).fill(odd, at))).toBe(at);
});
