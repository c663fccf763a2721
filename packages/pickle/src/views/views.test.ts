import { describe as suite, expect, test } from "vitest";
import { PickleDict } from "../pickle-dict.ts";
import type { PickleGlobal, PickleObject, PickleValue } from "../values.ts";
import { asAttributes, asDict } from "./as-dict.ts";
import { describe } from "../describe.ts";
import { inertJson } from "./inert-json.ts";
import { asInteger, asList, asSequence, asSet, asString, asTuple, classOf, isGlobal, isMadeBy } from "./narrow.ts";

const name = (module: string, short: string): PickleGlobal => ({ kind: "global", module, name: short });
const list = (...items: PickleValue[]): PickleValue => ({ kind: "list", items });
const tuple = (...items: PickleValue[]): PickleValue => ({ kind: "tuple", items });

function dict(...entries: [PickleValue, PickleValue][]): PickleDict {
  const built: PickleDict = new PickleDict();
  for (const [key, value] of entries) built.set(key, value);
  return built;
}

function made(callable: PickleValue, args: PickleValue[] = [], rest: Partial<PickleObject> = {}): PickleObject {
  return { kind: "object", made: "reduce", callable, args, ...rest };
}

suite("asDict", () => {
  const pairs = list(tuple("a", 1), list("b", 2));
  test.each<[string, PickleValue]>([
    ["a dict", dict(["a", 1], ["b", 2])],
    ["an OrderedDict that was filled", made(name("collections", "OrderedDict"), [], { entries: dict(["a", 1], ["b", 2]) })],
    ["an OrderedDict of pairs, as Python 2 has it", made(name("collections", "OrderedDict"), [pairs])],
    [
      "an OrderedDict of pairs that was filled",
      made(name("collections", "OrderedDict"), [list(tuple("a", 1), tuple("b", 0))], { entries: dict(["b", 2]) }),
    ],
    ["a Counter of a dict", made(name("collections", "Counter"), [dict(["a", 1], ["b", 2])])],
    ["a defaultdict", made(name("collections", "defaultdict"), [name("builtins", "list")], { entries: dict(["a", 1], ["b", 2]) })],
    ["builtins.dict of pairs", made(name("builtins", "dict"), [pairs])],
    ["a subclass of dict", made(name("lightning", "AttributeDict"), [], { made: "newobj", entries: dict(["a", 1], ["b", 2]) })],
    [
      "a subclass of dict in protocol 0",
      made(name("copyreg", "_reconstructor"), [name("a", "B"), name("builtins", "dict"), dict(["a", 1], ["b", 2])]),
    ],
  ])("%s", (_, value) => {
    expect(asDict(value)?.entries).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  test("an empty OrderedDict is an empty dict", () => {
    expect(asDict(made(name("collections", "OrderedDict")))?.size).toBe(0);
  });

  test.each<[string, PickleValue | undefined]>([
    ["nothing", undefined],
    ["None", null],
    ["text", "a"],
    ["a list of pairs", pairs],
    ["another object", made(name("a", "B"))],
    ["an OrderedDict of something else", made(name("collections", "OrderedDict"), [5])],
    ["an OrderedDict of triples", made(name("collections", "OrderedDict"), [list(tuple(1, 2, 3))])],
    ["a subclass of list in protocol 0", made(name("copyreg", "_reconstructor"), [name("a", "B"), name("builtins", "list"), list()])],
  ])("not %s", (_, value) => {
    expect(asDict(value)).toBeUndefined();
  });
});

suite("objects", () => {
  test("attributes come from the state, and from slots", () => {
    expect(asAttributes(made(name("a", "B"), [], { state: dict(["x", 1]) }))?.get("x")).toBe(1);
    expect(asAttributes(made(name("a", "B"), [], { state: tuple(null, dict(["x", 1])) }))?.get("x")).toBe(1);
    expect(asAttributes(made(name("a", "B"), [], { state: tuple(dict(["x", 1]), dict(["y", 2])) }))?.entries.length).toBe(2);
    for (const state of [5, tuple(1, 2), tuple(5, dict()), tuple(dict())])
      expect(asAttributes(made(name("a", "B"), [], { state }))).toBeUndefined();
    expect(asAttributes(made(name("a", "B")))).toBeUndefined();
  });

  test("classOf finds the class", () => {
    expect(classOf(made(name("a", "B")))).toEqual(name("a", "B"));
    expect(classOf(made(name("copyreg", "_reconstructor"), [name("a", "B"), name("builtins", "object"), null]))).toEqual(name("a", "B"));
    expect(classOf(made(made(name("a", "B"))))).toBeUndefined();
  });

  test("names are compared whole, and the answer narrows nothing away", () => {
    const value: PickleValue = made(name("a", "B"));
    if (isMadeBy(value, "x", "Y")) throw new Error("It is another class");
    expect(isMadeBy(value, "a", "B")).toBe(true);
    expect([
      isGlobal(name("a", "B"), "a", "B"),
      isGlobal(name("a", "B"), "a", "C"),
      isGlobal("a.B", "a", "B"),
      isGlobal(undefined, "a", "B"),
    ]).toEqual([true, false, false, false]);
  });
});

suite("narrowing", () => {
  test("sequences", () => {
    expect([asList(list(1)), asList(tuple(1)), asTuple(tuple(1)), asSequence(list(1)), asSequence(tuple(1)), asSequence("a")]).toEqual([
      [1],
      undefined,
      [1],
      [1],
      [1],
      undefined,
    ]);
    expect([asSet(made(name("builtins", "set"), [list(1)])), asSet(made(name("builtins", "frozenset"))), asSet(list(1))]).toEqual([
      [1],
      [],
      undefined,
    ]);
  });

  test("text", () => {
    const data = new TextEncoder().encode("é");
    expect(asString("a")).toBe("a");
    expect(asString({ kind: "bytes", byteLength: 2, data, mutable: false, pythonTwoString: true })).toBe("é");
    expect(asString({ kind: "bytes", byteLength: 2, data, mutable: false })).toBeUndefined();
    expect(asString({ kind: "bytes", byteLength: 1, data: Uint8Array.of(0xff), mutable: false, pythonTwoString: true })).toBeUndefined();
    expect(asString({ kind: "bytes", byteLength: 2, offset: 0, mutable: false, pythonTwoString: true })).toBeUndefined();
  });

  test("integers", () => {
    expect([5, -5, 5n, 2n ** 60n, 0.5, Number.NaN, true, "5", null, undefined].map(asInteger)).toEqual([
      5,
      -5,
      5,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

suite("a line that describes", () => {
  test.each<[PickleValue, string]>([
    [null, "None"],
    [true, "True"],
    [0.5, "0.5"],
    [2n ** 70n, "1180591620717411303424"],
    [2n ** 300n, "<an integer of more than 200 bits>"],
    ["it's\n", "'it\\'s\\n'"],
    [list(1, "a"), "[1, 'a']"],
    [tuple(1), "(1,)"],
    [tuple(), "()"],
    [list(1, 2, 3, 4, 5), "[1, 2, 3, 4, …]"],
    [dict(["a", 1], [2, null]), "{'a': 1, 2: None}"],
    [name("torch", "Size"), "torch.Size"],
    [made(name("torch", "Size"), [tuple(2, 3)]), "torch.Size((2, 3))"],
    [made(name("a", "B"), [], { state: dict(["x", 1]) }), "a.B({'x': 1})"],
    [{ kind: "persistent-id", id: tuple("storage") }, "<persistent id ('storage',)>"],
    [{ kind: "bytes", byteLength: 5, offset: 0, mutable: false }, "<5 bytes>"],
    [{ kind: "text", byteLength: 5, offset: 0 }, "<text of 5 bytes>"],
  ])("%#", (value, expected) => {
    expect(describe(value)).toBe(expected);
  });

  test("is never longer than asked", () => {
    const long = list(...Array.from({ length: 4 }, () => "x".repeat(1000)));
    expect(describe(long).length).toBe(120);
    expect(describe(long, 10)).toBe("['xxxxxxx…");
    expect(describe("x".repeat(1000))).toBe(`'${"x".repeat(40)}…'`);
  });
});

suite("inertJson", () => {
  test("ends at its limits, and says so", () => {
    const numbers = list(...Array.from({ length: 100 }, (_, index) => index));
    expect(inertJson(numbers, { values: 4 })).toEqual([0, 1, 2, { $omitted: "more" }]);
    expect(inertJson(dict(["a", 1], ["b", 2], ["c", 3]), { values: 3 })).toEqual({ a: 1, b: 2, $omitted: "more" });
    expect(inertJson(list(list(list(1))), { depth: 2 })).toEqual([[{ $omitted: "list" }]]);
    expect(inertJson(list("abcdef", "ghi"), { characters: 4 })).toEqual(["abcd…", { $omitted: "more" }]);
    expect(inertJson(dict(["abcdef", 1]), { characters: 4 })).toEqual({ $omitted: "more" });
  });

  test("shows a shared value again, and a value inside of itself not", () => {
    const shared = list(1);
    expect(inertJson(list(shared, shared))).toEqual([[1], [1]]);
    const items: PickleValue[] = [];
    const own: PickleValue = { kind: "list", items };
    items.push(tuple(own));
    expect(inertJson(own)).toEqual([[{ $cycle: "list" }]]);
  });

  test("keys that look like ours cannot be taken for ours", () => {
    expect(inertJson(dict(["$class", "os.system"]))).toEqual({ $dict: [["$class", "os.system"]] });
    expect(inertJson(made(name("a", "B"), [], { state: dict(["$class", "c.D"]) }))).toEqual({
      $class: "a.B",
      $state: { $dict: [["$class", "c.D"]] },
    });
    expect(inertJson(dict([1, "int"], ["1", "text"]))).toEqual({
      $dict: [
        [1, "int"],
        ["1", "text"],
      ],
    });
  });

  test("what JSON has no spelling for", () => {
    const json = inertJson(
      list(
        2n ** 70n,
        Number.NaN,
        name("a", "B"),
        { kind: "bytes", byteLength: 3, offset: 0, mutable: false },
        { kind: "text", byteLength: 3, offset: 0 },
        made(name("_codecs", "encode"), ["é", "latin1"]),
      ),
    );
    expect(json).toEqual(["1180591620717411303424", "NaN", { $global: "a.B" }, { $bytes: 3 }, { $text: 3 }, { $bytes: 1 }]);
    expect(inertJson(made(name("builtins", "set"), [list(1)]))).toEqual({ $set: [1] });
  });
});
