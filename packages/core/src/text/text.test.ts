import { expect, test } from "vitest";
import { LongspanError } from "../errors/longspan-error.ts";
import { boundedText } from "./bounded-text.ts";
import { shownValue } from "./shown-value.ts";
import { visibleText } from "./visible-text.ts";

test.each([
  ["\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"],
  ["a\nb\rc\td\0", "a\\nb\\rc\\td\\x00"],
  ["\x7f\x80\x9b31m\x9f", "\\x7f\\x80\\x9b31m\\x9f"],
  ["\u202egnp.exe\u202c \u2066x\u2069 \u200e", "\\u202egnp.exe\\u202c \\u2066x\\u2069 \\u200e"],
  ["zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"],
  ["line\u2028paragraph\u2029", "line\\u2028paragraph\\u2029"],
  ["lone \ud800 surrogate \udc00", "lone \\ud800 surrogate \\udc00"],
  ["tag \u{e0041}", "tag \\u{e0041}"],
])("what a terminal obeys or nobody sees becomes visible: %j", (text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test.each(["embeddings.LayerNorm.weight", "gewöhnlich, 日本語, العربية, עברית", "👩‍🚀 می‌خواهم", "a pair 𝒳", "\u0600\u06dd"])(
  "what is visible stays: %s",
  (text) => {
    expect(visibleText(text)).toBe(text);
  },
);

test("long text keeps its beginning and its end", () => {
  expect(boundedText("short")).toBe("short");
  expect(boundedText(`begin${"x".repeat(1000)}end`, 30)).toBe(`begin${"x".repeat(14)}…${"x".repeat(7)}end`);
  expect(boundedText("x".repeat(240))).toHaveLength(240);
});

test("an error's message shows what it quotes, bounded; its details keep it", () => {
  const name = `model\x1b[2J.${"layer.".repeat(100_000)}weight`;
  const error = new LongspanError("malformed", `a.bin: tensor "${name}" is damaged. Write it again.`, { details: { tensor: name } });
  expect(error.message).toContain('tensor "model\\x1b[2J.layer');
  expect(error.message).toContain('weight" is damaged. Write it again.');
  expect(error.message.length).toBeLessThan(400);
  expect(error.details).toEqual({ tensor: name });
  expect(new LongspanError("malformed", `${"word ".repeat(100_000)}end.`).message.length).toBeLessThan(2500);
});

test("a value out of JSON is shown as JSON, bounded in width and depth", () => {
  expect(shownValue({ a: [1, "two", null], b: true })).toBe('{"a": [1,"two",null],"b": true}');
  expect(shownValue("a\nb")).toBe('"a\\nb"');
  expect(shownValue(undefined)).toBe("undefined");
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  expect(shownValue(deep)).toMatch(/^\[{100,200}…$/);
  expect(shownValue(Array.from({ length: 1_000_000 }, () => 1)).length).toBeLessThan(200);
});
