import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fillPattern, matchPattern, namesOfPattern, parsePattern } from "./pattern.ts";
import { parseRule } from "./parse-rule.ts";

const match = (pattern: string, name: string): boolean => matchPattern(parsePattern(pattern), name.split(".")) !== undefined;

describe("matching", () => {
  test.each([
    ["a.b", "a.b", true],
    ["a.b", "x.a.b", false],
    ["a.b", "a.b.c", false],
    ["a.{i}", "a.0", true],
    ["a.{i}", "a.12", true],
    ["a.{i}", "a.01", false],
    ["a.{i}", "a.-1", false],
    ["a.{i}", "a.1e3", false],
    ["a.{i}", "a.", false],
    ["a.{p:query|key}.w", "a.key.w", true],
    ["a.{p:query|key}.w", "a.value.w", false],
    ["a.{p:query|key}.w", "a.query_global.w", false],
    ["output.dense", "attention.output.dense", false],
  ])("%s and %s: %s", (pattern, name, expected) => {
    expect(match(pattern, name)).toBe(expected);
  });

  test.each(["a.{i", "a.{}", "a..b", "", "a.{p:}", "a.{p:x|}", "a.{p:x|x}", "a.{i}.{i}", "a.*", "a b", "{1}", "x{i}", "{i}x"])(
    "%j is no pattern",
    (text) => {
      expect(() => parsePattern(text)).toThrow(
        expect.objectContaining({ code: "layout-invalid", message: expect.stringContaining("Pattern") }),
      );
    },
  );
});

test.each([
  ["a.{i}.b", 1],
  ["a.{p:x|y|z}", 3],
  ["{p:x|y|z}.a.{q:v|w}", 6],
])("%s stands for %i names", (text, names) => {
  expect(namesOfPattern(text)).toBe(names);
});

describe("rules", () => {
  test("one side may have more segments than the other", () => {
    expect(parseRule({ from: "a.{i}.b", to: "{i}", transform: "transpose" }).transpose).toBe(true);
    expect(parseRule({ from: "{i}", to: "a.{i}" }).transpose).toBe(false);
  });

  test.each([
    [{ from: "a.{i}", to: "b" }, "left only"],
    [{ from: "a", to: "b.{i}" }, "right only"],
    [{ from: "a.{p:x|y}", to: "b.{p}" }, "number on one side"],
    [{ from: "a.{p:x|y}", to: "b.{p:z}" }, "lists 2 names on the left and 1"],
    [{ from: "a", to: "b", transform: JSON.parse('"turn"') as "transpose" }, 'transform "turn" is unknown'],
  ])("%j is refused", (rule, message) => {
    expect(() => parseRule(rule)).toThrow(message);
  });

  const segment = fc.constantFrom("a", "b", "{i}", "{j}", "{p:q|k|v}", "{r:one|two}");
  const other: Readonly<Record<string, string>> = { "{p:q|k|v}": "{p:q_proj|k_proj|v_proj}", "{r:one|two}": "{r:1st|2nd}", a: "c", b: "d" };
  const rule = fc
    .uniqueArray(segment, { minLength: 1 })
    .chain((from) =>
      fc
        .shuffledSubarray(from, { minLength: from.length })
        .map((to) => parseRule({ from: from.join("."), to: to.map((part) => other[part] ?? part).join(".") })),
    );

  test("inverse after forward gives the name back, for any rule and any captures", () => {
    fc.assert(
      fc.property(rule, fc.nat(9999), fc.nat(9999), fc.nat(2), fc.nat(1), ({ from, to }, i, j, p, r) => {
        const captures = new Map<string, string | number>([
          ["i", String(i)],
          ["j", String(j)],
          ["p", p],
          ["r", r],
        ]);
        const name = fillPattern(from, captures);
        const forward = matchPattern(from, name.split("."));
        expect(forward).toBeDefined();
        const there = fillPattern(to, forward ?? new Map());
        expect(fillPattern(from, matchPattern(to, there.split(".")) ?? new Map())).toBe(name);
      }),
    );
  });
});
