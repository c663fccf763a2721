import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryBudget } from "../accounting/memory-budget.ts";
import { parseJson } from "./parse-json.ts";
import { jsonChunks, stringifyJson } from "./stringify-json.ts";

test("what JSON.stringify writes, indented or not", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(stringifyJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(JSON.parse(stringifyJson(value, { indent: 2 }))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
  const value = { b: [1, "é\n", [], {}, null], a: { left: undefined, x: -0.5 }, ["__proto__"]: 1, list: [undefined] };
  expect(stringifyJson(value)).toBe(JSON.stringify(value));
  expect(stringifyJson(value, { indent: 2 })).toBe(JSON.stringify(value, null, 2));
});

test("of any depth", () => {
  let deep: unknown = 1;
  for (let level = 0; level < 200_000; level++) deep = level % 2 === 0 ? [deep] : { x: deep };
  const text = stringifyJson(deep);
  expect(text.slice(0, 12)).toBe('{"x":[{"x":[');
  const parsed = parseJson(new TextEncoder().encode(text), { name: "deep", code: "malformed", budget: memoryBudget("deep", 0) });
  expect(stringifyJson(parsed)).toBe(text);
});

test("too many values are refused by the name of the file that has them, whoever's the budget is", () => {
  const budget = memoryBudget("model.safetensors", 0);
  const text = new TextEncoder().encode(`[${"[],".repeat(4_000_000)}0]`);
  expect(() => parseJson(text, { name: "config.json", code: "malformed", budget })).toThrow(/^config\.json: .*the limit "memory"/);
});

test("characters that a terminal obeys are escaped, and are the same text", () => {
  const text = "\x1b \x7f \x9b \u202e \u2028 \u{e0041} \ud800 👩‍🚀";
  const written = stringifyJson(text);
  expect(written).toBe(String.raw`"\u001b \u007f \u009b \u202e \u2028 \udb40\udc41 \ud800 👩‍🚀"`);
  expect(JSON.parse(written)).toBe(text);
});

test("values are replaced on the way; large documents come in pieces", () => {
  const replace = (value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
  expect(stringifyJson({ n: 2n ** 70n }, { replace })).toBe('{"n":"1180591620717411303424"}');
  const chunks = [...jsonChunks(Array.from({ length: 100_000 }, (_, index) => index))];
  expect(chunks.length).toBeGreaterThan(3);
  expect(JSON.parse(chunks.join(""))).toHaveLength(100_000);
});

test("a text whose values would not fit is refused before one is made; what is no JSON names the file", () => {
  const many = new TextEncoder().encode(`[${"[],".repeat(5_000_000)}[]]`);
  const parse = (bytes: Uint8Array): unknown =>
    parseJson(bytes, { name: "a.json", code: "config-invalid", budget: memoryBudget("a.json", 0) });
  expect(() => parse(many)).toThrowError(/a\.json: .*limit "memory".*--limit memory=/);
  expect(() => parse(new TextEncoder().encode("{no"))).toThrowError(/a\.json is not JSON/);
  expect(() => parse(new Uint8Array([0x22, 0xff, 0x22]))).toThrowError(/a\.json is not JSON/);
});
