import { expect, test } from "vitest";
import {
  PickleError,
  defaultLimits,
  dict,
  global,
  newObject,
  readPickle,
  reduce,
  touchedNodes,
  tuple,
  writePickle,
  type KnownCall,
  type PickleInput,
  type PickleObject,
} from "../src/index.ts";

async function read(value: PickleInput, limits = {}): ReturnType<typeof readPickle> {
  const [bytes] = writePickle(value, { protocol: 4 });
  return readPickle(bytes instanceof Uint8Array ? bytes : new Uint8Array(0), { limits });
}

test("memory is accounted for, and its limit is named", async () => {
  const value = dict(Array.from({ length: 1000 }, (_, index) => [index, tuple(index, "text")]));
  const { memory } = await read(value);
  expect(memory).toBeGreaterThan(100_000);
  expect(memory).toBeLessThan(1_000_000);
  await expect(read(value, { memory })).resolves.toMatchObject({ memory });
  await expect(read(value, { memory: memory - 1 })).rejects.toMatchObject({ code: "pickle-limit", limit: "memory" });
  expect(defaultLimits.memory).toBe(2 ** 30);
});

/** `array` makes a value, `dict` a container; of all others nothing is known. */
function knownCall({ callable }: PickleObject): KnownCall {
  if (typeof callable !== "object" || callable?.kind !== "global") return undefined;
  return callable.name === "array" ? "value" : callable.name === "dict" ? "container" : undefined;
}

const array = (name: string, contents = {}): PickleObject<PickleInput> => reduce(global("m", "array"), [name], contents);

test.each<[string, PickleInput, readonly string[]]>([
  ["nothing", tuple(array("a"), reduce(global("m", "dict"), [], { entries: [["x", array("b")]] })), []],
  ["an item that is assigned", tuple(array("a", { entries: [[0, 42]] }), array("b")), ["a"]],
  ["an item that is appended", tuple(array("a", { items: [1] }), array("b")), ["a"]],
  [
    "what an unknown call is handed",
    tuple(array("b"), reduce(global("m", "f"), [tuple(array("a"), dict([["x", array("c")]]))])),
    ["a", "c"],
  ],
  ["not what an instance is made of", newObject(global("m", "C"), [array("a")]), []],
  ["not what is stored in an instance", newObject(global("m", "C"), [], { entries: [["x", array("a")]] }), []],
])("touched: %s", async (_, value, expected) => {
  const { objects } = await read(value);
  const touched = touchedNodes(objects, knownCall);
  const names = objects.filter((object) => touched.has(object) && knownCall(object) === "value").map(({ args }) => args[0]);
  expect(new Set(names)).toEqual(new Set(expected));
});

test("objects that are no part of the value are told, too", async () => {
  // c m / array, ("a"), call; an item; pop; None.
  const bytes = new TextEncoder().encode("cm\narray\n(Va\ntRI0\nI42\ns0N.");
  const { value, objects } = await readPickle(bytes);
  expect(value).toBeNull();
  expect(touchedNodes(objects, knownCall).size).toBe(1);
});

test("a message shows what it quotes", () => {
  expect(new PickleError("pickle-type", "found \u001b[31m and \u202e").message).toBe("found \\u{1b}[31m and \\u{202e}");
});
