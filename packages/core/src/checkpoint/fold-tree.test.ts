import { expect, test } from "vitest";
import { foldTree, type TreeFold } from "./fold-tree.ts";
import { plainConfiguration, plainJson } from "./plain-json.ts";
import { treeMap } from "./tree-map.ts";
import type { TreeValue } from "./tree.ts";

const count: TreeFold<number> = {
  leaf: () => 1,
  list: (_, items) => items.reduce<number>((sum, item) => sum + (item ?? 0), 0),
  map: (_, entries) => entries.reduce((sum, [, item]) => sum + (item ?? 0), 0),
  opaque: (_, state) => state ?? 1,
  left: () => 1000,
};

function list(...items: TreeValue[]): TreeValue {
  return { kind: "list", items };
}

/** A list that holds the one before it so many times, and so on: `width ** depth` leaves. */
function doubled(depth: number, width: number): TreeValue {
  let value: TreeValue = 1;
  for (let level = 0; level < depth; level++) value = { kind: "list", items: Array.from({ length: width }, () => value) };
  return value;
}

test("leaves, lists, maps and objects are folded from the leaves up, shared values in each place", () => {
  const shared = list(1, "two");
  const root = treeMap([
    ["a", shared],
    ["b", shared],
    [
      { kind: "opaque", className: "x.Key" },
      { kind: "opaque", className: "x.Y", state: list(null, true) },
    ],
  ]);
  expect(foldTree(root, count, { values: 100 })).toEqual({ result: 6, complete: true });
});

test("no depth costs stack", () => {
  expect(foldTree(doubled(300_000, 1), count, { values: 400_000 })).toEqual({ result: 1, complete: true });
});

test("what shares unfolds to the limit on values and no further", () => {
  const { result, complete } = foldTree(doubled(7, 30), count, { values: 10_000 });
  expect(complete).toBe(false);
  expect(result).toBeLessThan(20_000);
  expect(foldTree(doubled(100_000, 2), count, { values: 10_000 }).complete).toBe(false);
});

test("texts and keys count by their length", () => {
  const text = "x".repeat(1000);
  expect(foldTree(list(text, text, text), count, { values: 100, characters: 3000 }).complete).toBe(true);
  expect(foldTree(list(text, text, text), count, { values: 100, characters: 2999 }).complete).toBe(false);
  expect(foldTree(treeMap([[text, 1]]), count, { values: 100, characters: 999 }).complete).toBe(false);
});

test("a value within itself ends, and so does one too deep", () => {
  const items: TreeValue[] = [];
  const cyclic: TreeValue = { kind: "list", items };
  items.push(cyclic, 1);
  expect(foldTree(cyclic, count, { values: 100 }).result).toBe(1001);
  expect(foldTree(doubled(5, 1), count, { values: 100, depth: 3 }).result).toBe(1000);
});

test("plain JSON of any depth, as json.dumps writes it", () => {
  const value = treeMap([
    [
      "id2label",
      treeMap([
        [0, "no"],
        [1n, "yes"],
      ]),
    ],
    ["set", { kind: "set", items: [1] }],
    ["nan", Number.NaN],
    ["big", 2n ** 60n],
    ["tuple", { kind: "tuple", items: [1, null, "x"] }],
    ["hole", list(1, { kind: "opaque", className: "a.B" })],
    ["__proto__", list(false)],
  ]);
  const { json } = plainJson(value);
  expect(JSON.stringify(json)).toBe('{"id2label":{"0":"no","1":"yes"},"tuple":[1,null,"x"],"__proto__":[false]}');
  expect(plainJson(doubled(6000, 1)).complete).toBe(true);
});

test("a configuration that unfolds into too much is left out, and said so", () => {
  const keeps = (key: string): boolean => key !== "skipped";
  const small = treeMap([
    ["hidden_size", 16],
    ["skipped", 1],
    [3, "no text"],
  ]);
  expect(plainConfiguration(small, "config", keeps)).toEqual({ config: { hidden_size: 16 }, warnings: [] });
  const large = plainConfiguration(
    treeMap([
      ["hidden_size", 16],
      ["bomb", doubled(7, 30)],
    ]),
    "extra.config",
    keeps,
  );
  expect(large.config).toBeUndefined();
  expect(large.warnings[0]).toMatch(/"extra\.config", unfolds into more than 100000 values/);
});
