import { treeMap, type TreeValue } from "@longspan/core/adapter";
import { expect, test } from "vitest";
import { dict, list, opaque, tensor } from "../../test/tree-building.ts";
import { plainTorchDictionary } from "./plain-torch-value.ts";

test("plain values are kept as they are", () => {
  const source = treeMap([
    ["lr", 0.5],
    [1, "one"],
    [true, null],
    ["big", 2n ** 70n],
    ["nested", dict({ items: list(1, { kind: "tuple", items: ["a"] }) })],
  ]);
  expect(plainTorchDictionary(source)).toEqual({
    kind: "map",
    entries: [
      ["lr", 0.5],
      [1, "one"],
      [true, null],
      ["big", 2n ** 70n],
      [
        "nested",
        {
          kind: "map",
          entries: [
            [
              "items",
              {
                kind: "list",
                items: [1, { kind: "tuple", items: ["a"] }],
              },
            ],
          ],
        },
      ],
    ],
  });
});

test("objects, tensors, sets and text that is no Unicode are left out, lists that hold one as a whole", () => {
  const source = treeMap([
    ["when", opaque("datetime.datetime")],
    ["weights", tensor("w")],
    ["seen", { kind: "set", items: [1] }],
    ["path", "\ud800"],
    ["huge", 2n ** 4000n],
    ["mixed", list(1, opaque("A"))],
    [opaque("some.Class"), 1],
    [{ kind: "tuple", items: [] }, 1],
    ["kept", dict({ inner: opaque("A"), lr: 1 })],
  ]);
  expect(plainTorchDictionary(source)).toEqual({ kind: "map", entries: [["kept", { kind: "map", entries: [["lr", 1]] }]] });
});

test("keys by which Lightning would import and call something are not carried on", () => {
  expect(plainTorchDictionary(dict({ _instantiator: "os.system", _class_path: "x.Y", lr: 1 }))).toEqual({
    kind: "map",
    entries: [["lr", 1]],
  });
  expect(plainTorchDictionary(dict({ _instantiator: "os.system" }))).toBeUndefined();
});

test("shared values that unfold without end, cycles and deep nests are left out", () => {
  let doubled: TreeValue = list(1);
  for (let level = 0; level < 25; level++) doubled = list(doubled, doubled);
  expect(plainTorchDictionary(dict({ doubled, lr: 1 }))).toBeUndefined();

  const entries: [TreeValue, TreeValue][] = [["lr", 1]];
  const cyclic = treeMap(entries);
  const shared = list(cyclic, 1);
  entries.push(["self", cyclic], ["within", dict({ self: cyclic })], ["list", shared], ["twice", list(2)], ["again", list(2)]);
  expect(plainTorchDictionary(cyclic)).toEqual({
    kind: "map",
    entries: [
      ["lr", 1],
      ["within", { kind: "map", entries: [] }],
      ["twice", { kind: "list", items: [2] }],
      ["again", { kind: "list", items: [2] }],
    ],
  });

  let deep: TreeValue = 1;
  for (let level = 0; level < 100_000; level++) deep = list(deep);
  expect(plainTorchDictionary(dict({ deep, lr: 1 }))).toEqual({ kind: "map", entries: [["lr", 1]] });
});

test("what is no dict, or an empty one, is no hyper-parameters", () => {
  for (const value of [undefined, null, 1, "text", list(1), opaque("A"), tensor("w"), dict({})]) {
    expect(plainTorchDictionary(value)).toBeUndefined();
  }
});
