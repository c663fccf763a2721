import type { ErrorCode } from "@longspan/core";
import { isTensor, isTreeMap, type TreeValue } from "@longspan/core/adapter";
import { dict, global, list, newObject, persistentId, tuple, writePickle } from "@longspan/pickle";
import type { PickleInput } from "@longspan/pickle";
import { describe, expect, test } from "vitest";
import { buildLegacy, floats, openBytes, tensor } from "../../test/build-torch-file.ts";
import type { TestLegacy } from "../../test/build-torch-file.ts";
import { concatenate } from "../../test/build-zip.ts";
import { torchLegacyContainer } from "./torch-legacy.ts";

const container = torchLegacyContainer();
const whole = tensor({ view: null });
const plain: TestLegacy = { value: dict([["w", whole]]), keys: list(["0"]), storages: [[6, floats(1, 2, 3, 4, 5, 6)]] };

async function rootOf(parts: Partial<TestLegacy>): Promise<TreeValue> {
  return (await openBytes(container, buildLegacy({ ...plain, ...parts }))).root;
}

async function valuesOf(value: PickleInput, parts: Partial<TestLegacy> = {}): Promise<number[]> {
  const root = await rootOf({ ...parts, value: dict([["w", value]]) });
  const found = isTreeMap(root) ? root.get("w") : undefined;
  return isTensor(found) ? Array.from((await found.read()).data, Number) : [];
}

describe("streams that are read", () => {
  test("a storage, whatever the byte order of the machine that wrote it", async () => {
    expect(await valuesOf(whole)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("a part of a storage, and a tensor at an offset in that part", async () => {
    expect(await valuesOf(tensor({ view: tuple("v", 2, 4), size: tuple(2), strides: tuple(1), offset: 1 }))).toEqual([4, 5]);
  });

  test("storages in the order of the list", async () => {
    const both = dict([
      ["a", tensor({ view: null, key: "10" })],
      ["b", tensor({ view: null, key: "9", elements: 1, size: tuple(), strides: tuple() })],
    ]);
    const root = await rootOf({
      value: both,
      keys: list(["10", "9"]),
      storages: [
        [6, floats(6, 5, 4, 3, 2, 1)],
        [1, floats(7)],
      ],
    });
    const [a, b] = isTreeMap(root) ? [root.get("a"), root.get("b")] : [];
    expect(isTensor(a) && Array.from((await a.read()).data, Number)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(isTensor(b) && Array.from((await b.read()).data, Number)).toEqual([7]);
  });

  test("a class that came with its source code is a name, and its module a value", async () => {
    const module = persistentId(tuple("module", global("model", "Net"), "model.py", "class Net: …"));
    const root = await rootOf({ value: dict([["net", newObject(module, [], { state: dict([["w", whole]]) })]]) });
    expect(isTreeMap(root) ? root.get("net") : undefined).toMatchObject({
      kind: "opaque",
      className: "model.Net",
      state: { kind: "map", entries: [["w", { kind: "tensor" }]] },
    });
  });

  test("bytes after the last storage are warned of", async () => {
    const bytes = concatenate(buildLegacy(plain), new Uint8Array(5));
    expect((await openBytes(container, bytes)).warnings).toEqual([expect.stringContaining("5 bytes after its last storage")]);
  });

  test("the magic number in protocols 2 to 5", () => {
    const framed = Uint8Array.of(0x80, 4, 0x95, 13, 0, 0, 0, 0, 0, 0, 0, ...buildLegacy(plain).subarray(2, 14));
    const source = { name: "", size: 0, read: async () => new Uint8Array(), close: async () => {} };
    const claims = [
      buildLegacy(plain),
      framed,
      writePickle(5, { protocol: 2 })[0] as Uint8Array,
      new Uint8Array(),
      Uint8Array.of(0x80),
    ].map((head) => container.detect({ head, source }));
    expect(claims.map((claim) => claim !== undefined)).toEqual([true, true, false, false, false]);
  });
});

describe("streams that are refused", () => {
  test.each<readonly [string, ErrorCode, RegExp, Partial<TestLegacy>]>([
    ["another magic number", "unsupported", /magic number is 7/, { magic: 7 }],
    ["another protocol version", "unsupported", /protocol version is 1000/, { version: 1000 }],
    ["a list of storages that is none", "malformed", /list of storages is 'x'/, { keys: "x" }],
    ["a key that is no text", "malformed", /key is 5/, { keys: list([5]) }],
    ["a key nobody refers to", "malformed", /"1" is listed, but no tensor refers to it/, { keys: list(["1"]) }],
    ["a key twice", "malformed", /listed twice/, { keys: list(["0", "0"]) }],
    [
      "another number of elements",
      "tensor-invalid",
      /has 5 elements, and its tensors expect 6/,
      { storages: [[5, floats(1, 2, 3, 4, 5, 6)]] },
    ],
    ["2^64 - 1 elements", "tensor-invalid", /has 18446744073709551615 elements/, { storages: [[2n ** 64n - 1n, floats(1)]] }],
    ["a storage that is cut off", "truncated", /takes 24 bytes, and the file ends after 8/, { storages: [[6, floats(1, 2)]] }],
    ["no storages at all", "truncated", /should begin/, { storages: [] }],
    [
      "a storage stated in two ways",
      "tensor-invalid",
      /and elsewhere as/,
      { value: list([whole, tensor({ view: null, elements: 3, size: tuple(3), strides: tuple(1) })]) },
    ],
    [
      "a part that leaves its storage",
      "tensor-invalid",
      /\(5 elements from 2\) leaves the storage's 6/,
      { value: tensor({ view: tuple("v", 2, 5) }) },
    ],
    ["a part that is none", "tensor-invalid", /part of a storage is 5/, { value: tensor({ view: 5 }) }],
    ["a negative offset of a part", "tensor-invalid", /offset into a storage is -1/, { value: tensor({ view: tuple("v", -1, 2) }) }],
    ["a reference of five items", "tensor-invalid", /tuple of 6/, { value: tensor() }],
  ])("%s", async (_name, code, message, parts) => {
    await expect(rootOf(parts)).rejects.toMatchObject({ name: "LongspanError", code, message: expect.stringMatching(message) });
  });

  test("a tensor that leaves its part, alone", async () => {
    const root = await rootOf({ value: dict([["w", tensor({ view: tuple("v", 2, 2), size: tuple(3), strides: tuple(1) })]]) });
    expect(isTreeMap(root) ? root.get("w") : undefined).toMatchObject({
      error: { code: "tensor-invalid", message: expect.stringContaining("reach element 3 of a storage of 2") },
    });
  });

  test("a storage that the list leaves out, alone", async () => {
    const root = await rootOf({ keys: list([]), storages: [] });
    expect(isTreeMap(root) ? root.get("w") : undefined).toMatchObject({
      error: { code: "tensor-invalid", message: expect.stringContaining("not in the file's list") },
    });
  });
});
