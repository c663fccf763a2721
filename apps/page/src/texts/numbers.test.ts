import { afterEach, expect, test } from "vitest";
import { language } from "./language.ts";
import { measure } from "./numbers.ts";

afterEach(() => {
  language.value = "en";
});

test("values of tensors have four digits, a sign for minus and powers of ten as they are printed, in the reader's language", () => {
  language.value = "en";
  expect([-9.178e-4, -0.11064, 0, 0.08089, 1234567, Number.NaN, -Infinity].map((value) => measure(value))).toEqual([
    "−9.178 × 10⁻⁴",
    "−0.1106",
    "0",
    "0.08089",
    "1.235 × 10⁶",
    "–",
    "−∞",
  ]);
  language.value = "de";
  expect([-9.178e-4, -0.11064].map((value) => measure(value))).toEqual(["−9,178 × 10⁻⁴", "−0,1106"]);
});
