import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesSource } from "../bytes/bytes-source.ts";
import { flattenTree } from "../checkpoint/flatten-tree.ts";
import { type NestedTensors, nestTensors } from "../checkpoint/nest-tensors.ts";
import { treeMap } from "../checkpoint/tree-map.ts";
import type { TreeMap, TreeValue } from "../checkpoint/tree.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { stridedTensor } from "../tensor/strided-tensor.ts";
import { stateDictEnvelope } from "./state-dict-envelope.ts";

function tensor(name: string): LazyTensor {
  return stridedTensor({
    name,
    dataType: "uint8",
    shape: [1],
    storage: { source: bytesSource(new Uint8Array(1)), offset: 0, byteLength: 1 },
  });
}

function tree(map: NestedTensors): TreeMap {
  return treeMap([...map].map(([key, value]) => [key, value instanceof Map ? tree(value) : value]));
}

function open(root: TreeValue): ReturnType<ReturnType<typeof stateDictEnvelope>["open"]> {
  const envelope = stateDictEnvelope({ name: "own", separator: "/", detect: () => undefined });
  return envelope.open({ root, attributes: new Map(), warnings: [], close: async () => {} });
}

test("nested names come back flat, and none is lost", () => {
  // No name is another's beginning: leaves are called otherwise than maps.
  const name = fc
    .tuple(fc.array(fc.constantFrom("a", "b", "__proto__"), { maxLength: 4 }), fc.constantFrom("w", "v"))
    .map(([maps, leaf]) => [...maps, leaf].join("."));
  fc.assert(
    fc.property(fc.uniqueArray(name), (names) => {
      const { tensors } = open(tree(nestTensors(names.map(tensor))));
      expect(tensors.map((one) => one.name).toSorted()).toEqual(names.toSorted());
      expect(tensors.every((one) => one.tensor.name === one.name && one.sourceName === one.name.replaceAll(".", "/"))).toBe(true);
    }),
  );
});

test.each([[["a", "a"]], [["a", "a.b"]], [["a.b", "a"]], [["a.b.c", "a.b"]]])("%s cannot be nested", (names) => {
  expect(() => nestTensors(names.map(tensor))).toThrow(expect.objectContaining({ code: "layout-invalid" }));
});

test("what should be a tensor and is none is named; other values are metadata", () => {
  const opaque: TreeValue = { kind: "opaque", className: "numpy.ndarray", reason: "its type is complex64." };
  const { tensors, unreadable, metadata } = open(
    treeMap([
      [
        "a",
        treeMap([
          ["kernel", 3],
          ["w", tensor("w")],
          ["x", opaque],
        ]),
      ],
      ["step", 7],
      [1, tensor("n")],
    ]),
  );
  expect(tensors.map(({ name }) => name)).toEqual(["a.w"]);
  expect(unreadable?.map(({ sourceName }) => sourceName)).toEqual(["a/kernel", "a/x"]);
  expect([...metadata]).toEqual([["step", 7]]);
});

test("a map within itself, maps that unfold without end, and no map at all are refused", () => {
  const entries: [string, TreeValue][] = [];
  const cyclic = treeMap(entries);
  entries.push(["again", cyclic]);
  expect(() => open(cyclic)).toThrow(expect.objectContaining({ code: "malformed" }));
  let shared: TreeMap = treeMap([["w", 1]]);
  for (let level = 0; level < 40; level++)
    shared = treeMap([
      ["a", shared],
      ["b", shared],
    ]);
  expect(() => flattenTree(shared, ".")).toThrow(expect.objectContaining({ code: "limit-exceeded" }));
  expect(() => open(3)).toThrow(expect.objectContaining({ code: "malformed" }));
});
