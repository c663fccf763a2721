import { describe as suite, expect, test } from "vitest";
import { dict, float, global, list, persistentId, reduce, set, tuple } from "./builders.ts";
import { KeyTable } from "./key-table.ts";
import { PickleDict } from "./pickle-dict.ts";
import type { PickleInput } from "./values.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const node = persistentId("x");

suite("equal, as Python has it", () => {
  test.each<[PickleInput, PickleInput]>([
    [1, true],
    [0, false],
    [0, -0],
    [1, 1n],
    [1, float(1)],
    [2 ** 60, 2n ** 60n],
    [tuple(1, "a"), tuple(true, "a")],
    [tuple(tuple(1), tuple()), tuple(tuple(1n), tuple())],
    [global("a", "B"), global("a", "B")],
    [bytes(1, 2), { kind: "bytes", byteLength: 2, data: bytes(1, 2), mutable: false }],
    [node, node],
    [null, null],
  ])("%s and %s", (first, second) => {
    const keys = new KeyTable();
    expect(new Set([keys.token(first)]).has(keys.token(second))).toBe(true);
  });
});

suite("different", () => {
  test.each<[PickleInput, PickleInput]>([
    [1, "1"],
    [null, "null"],
    [Number.NaN, Number.NaN],
    [tuple(1, 2), tuple(tuple(1), 2)],
    [tuple(1, 2), tuple("1 2")],
    [tuple(12), tuple(1, 2)],
    [tuple("a"), "a"],
    [global("a", "b.c"), global("a.b", "c")],
    [global("a", "B"), "a.B"],
    [bytes(65), "A"],
    [persistentId("x"), persistentId("x")],
    [set([1], { frozen: true }), set([1], { frozen: true })],
    [2n ** 60n, 2n ** 60n + 1n],
  ])("%s and %s", (first, second) => {
    const keys = new KeyTable();
    expect(new Set([keys.token(first)]).has(keys.token(second))).toBe(false);
  });
});

suite("not hashable", () => {
  test.each<[string, PickleInput]>([
    ["a list", list([])],
    ["a dict", dict([])],
    ["a set", set([])],
    ["a bytearray", { kind: "bytes", byteLength: 0, data: bytes(), mutable: true }],
    ["a tuple deep inside of which is a list", tuple(1, tuple(2, tuple(list([]))))],
  ])("%s", (_, key) => {
    expect(new KeyTable().token(key)).toBeUndefined();
    expect(new PickleDict<PickleInput>().get(key)).toBeUndefined();
  });
});

suite("a dict", () => {
  test.each([3, 30])("of %i keys keeps their order, and the place and spelling of a key that is set again", (count) => {
    const built: PickleDict<PickleInput> = new PickleDict();
    for (let index = 0; index < count; index++) built.set(index, `value ${index}`);
    built.set(true, "again");
    expect(built.size).toBe(count);
    expect(built.entries[1]).toEqual([1, "again"]);
    expect([...built]).toEqual(built.entries);
    expect(built.get(float(1))).toBe("again");
    expect(built.has(count)).toBe(false);
  });

  test("of text finds text, also when it has become long or has other keys", () => {
    const built: PickleDict<PickleInput> = new PickleDict();
    for (let index = 0; index < 20; index++) expect(built.set(`key ${index}`, index).get(`key ${index}`)).toBe(index);
    expect(built.get("key 0")).toBe(0);
    expect(built.set(tuple("key 0"), "tuple").get("key 0")).toBe(0);
    expect(built.get(tuple("key 0"))).toBe("tuple");
    expect(built.get("absent")).toBeUndefined();
  });

  test("finds an object by identity", () => {
    const made = reduce(global("a", "B"), []);
    expect(dict([[made, 1]]).get(made)).toBe(1);
    expect(dict([[made, 1]]).get(reduce(global("a", "B"), []))).toBeUndefined();
  });
});

test("a set keeps the first of equal items", () => {
  const built = set([1, true, "1", 1n, tuple(1), tuple(true)]);
  expect(built.items).toEqual([1, "1", tuple(1)]);
  expect([built.has(true), built.has(2), built.frozen]).toEqual([true, false, false]);
});
