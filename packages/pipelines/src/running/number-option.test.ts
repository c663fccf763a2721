import { expect, test } from "vitest";
import { integerOption, shareOption } from "./number-option.ts";

test("numbers within their bounds pass", () => {
  expect([
    integerOption("topK", 3, 1),
    integerOption("windowTokens", 8, 1, 8),
    shareOption("minScore", 0),
    shareOption("minScore", 1),
  ]).toEqual([3, 8, 0, 1]);
});

test.each<[unknown, string]>([
  ["2", 'topK is "2"; it is an integer, 1 or more.'],
  [0, "topK is 0; it is an integer, 1 or more."],
  [null, "topK is null; it is an integer, 1 or more."],
])("an integer is not %o", (value, message) => {
  expect(() => integerOption("topK", value as number, 1)).toThrow(message);
});

test.each<[unknown, string]>([
  ["0.5", 'minScore is "0.5"; it is a number from 0 to 1.'],
  [null, "minScore is null; it is a number from 0 to 1."],
  [1.5, "minScore is 1.5; it is a number from 0 to 1."],
])("a share is not %o", (value, message) => {
  expect(() => shareOption("minScore", value as number)).toThrow(message);
});
