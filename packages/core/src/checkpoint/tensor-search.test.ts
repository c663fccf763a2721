import { expect, test } from "vitest";
import { bytesSource } from "../bytes/bytes-source.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { tensorSearch } from "./tensor-search.ts";
import { treeMap } from "./tree-map.ts";
import type { TreeValue } from "./tree.ts";

const bytes = new Uint8Array(16);
const storage = { source: bytesSource(bytes, "bytes"), offset: 0, byteLength: 16 };
const vector = stridedTensor({ name: "v", dataType: "float32", shape: [4], storage });
const matrix = stridedTensor({ name: "m", dataType: "float32", shape: [2, 2], storage });

function list(...items: TreeValue[]): TreeValue {
  return { kind: "list", items };
}

test("a tensor is found in lists, maps and objects; one that could not be made counts", () => {
  const holds = tensorSearch();
  expect(holds(vector)).toBe(true);
  expect(holds(list(1, treeMap([["x", { kind: "opaque", className: "a.B", state: list(vector) }]])))).toBe(true);
  expect(holds({ kind: "opaque", className: "a.B", reason: "it is sparse" })).toBe(true);
  expect(holds(list(1, "two", null, treeMap([["x", { kind: "opaque", className: "a.B" }]])))).toBe(false);
});

test("of so many dimensions", () => {
  const holds = tensorSearch(2);
  expect(holds(list(vector))).toBe(false);
  expect(holds(list(vector, list(matrix)))).toBe(true);
});

test("what was seen in one question is right in the next, also through cycles", () => {
  const holds = tensorSearch();
  const items: TreeValue[] = [];
  const cyclic: TreeValue = { kind: "list", items };
  const inner = list(cyclic);
  items.push(inner);
  expect(holds(cyclic)).toBe(false);
  expect(holds(inner)).toBe(false);
  const others: TreeValue[] = [];
  const around: TreeValue = { kind: "list", items: others };
  const back = list(around);
  others.push(back, vector);
  expect(holds(around)).toBe(true);
  expect(holds(back)).toBe(true);
});

test("many values that share a large one cost one walk, whatever the answer", () => {
  let steps = 0;
  const counted = (items: readonly TreeValue[]): TreeValue => ({
    kind: "list",
    get items() {
      steps += items.length;
      return items;
    },
  });
  for (const last of [0, vector]) {
    const holds = tensorSearch();
    const large = counted([...Array.from({ length: 1000 }, (_, index) => index), last]);
    steps = 0;
    for (let index = 0; index < 1000; index++) expect(holds(list(index, large))).toBe(last === vector);
    expect(steps).toBeLessThan(3000);
  }
});

test("no depth costs stack", () => {
  let deep: TreeValue = vector;
  for (let level = 0; level < 300_000; level++) deep = list(deep);
  expect(tensorSearch()(deep)).toBe(true);
});
