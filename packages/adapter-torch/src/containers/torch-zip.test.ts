import { type ErrorCode, LongspanError } from "@longspan/core";
import { isTensor, isTreeMap, type OpenedContainer, type TreeValue } from "@longspan/core/adapter";
import { dict, global, list, newObject, orderedDict, reduce, tuple } from "@longspan/pickle";
import type { PickleInput } from "@longspan/pickle";
import { describe, expect, test } from "vitest";
import { buildTorchZip, floats, openBytes, pickleBytes, tensor } from "../../test/build-torch-file.ts";
import type { TestArchive } from "../../test/build-torch-file.ts";
import { buildZip, concatenate } from "../../test/build-zip.ts";
import { torchZipContainer } from "./torch-zip.ts";

const container = torchZipContainer();
const six = { "0": floats(1, 2, 3, 4, 5, 6) };

function open(value: PickleInput, archive: TestArchive = { storages: six }): Promise<OpenedContainer> {
  return openBytes(container, buildTorchZip(value, archive));
}

async function valueOf(value: PickleInput, archive?: TestArchive): Promise<TreeValue> {
  const { root } = await open(dict([["value", value]]), archive);
  return (isTreeMap(root) ? root.get("value") : undefined) ?? null;
}

async function valuesOf(value: PickleInput, archive?: TestArchive): Promise<number[]> {
  const found = await valueOf(value, archive);
  return isTensor(found) ? Array.from((await found.read()).data, Number) : [];
}

describe("tensors that are odd but legal", () => {
  test.each<readonly [string, PickleInput, readonly number[]]>([
    ["as saved", tensor(), [1, 2, 3, 4, 5, 6]],
    ["transposed", tensor({ size: tuple(3, 2), strides: tuple(1, 3) }), [1, 4, 2, 5, 3, 6]],
    ["a slice", tensor({ offset: 2, size: tuple(2), strides: tuple(2) }), [3, 5]],
    ["overlapping", tensor({ size: tuple(3, 2), strides: tuple(1, 1) }), [1, 2, 2, 3, 3, 4]],
    ["expanded", tensor({ offset: 4, size: tuple(2, 2), strides: tuple(0, 1) }), [5, 6, 5, 6]],
    ["a scalar", tensor({ offset: 3, size: tuple(), strides: tuple() }), [4]],
    ["empty, wherever it points", tensor({ offset: 99, size: tuple(0, 7), strides: tuple(7, 1) }), []],
    ["with torch.Size", tensor({ size: reduce(global("torch", "Size"), [tuple(2, 3)]) }), [1, 2, 3, 4, 5, 6]],
    ["with hooks", tensor({ more: [dict([])] }), [1, 2, 3, 4, 5, 6]],
    [
      "with bits that are off",
      tensor({
        more: [
          dict([
            ["conj", false],
            ["neg", false],
          ]),
        ],
      }),
      [1, 2, 3, 4, 5, 6],
    ],
    ["of the oldest function", reduce(global("torch._utils", "_rebuild_tensor"), argsOf(tensor()).slice(0, 4)), [1, 2, 3, 4, 5, 6]],
    ["a parameter", reduce(global("torch._utils", "_rebuild_parameter"), [tensor(), true, orderedDict()]), [1, 2, 3, 4, 5, 6]],
    [
      "a parameter of torch 0.3",
      reduce(global("torch.nn.parameter", "Parameter"), [tensor()], { state: tuple(true, false, orderedDict()) }),
      [1, 2, 3, 4, 5, 6],
    ],
    [
      "an object of torch 0.1",
      newObject(global("torch", "FloatTensor"), [], { state: tuple(...argsOf(tensor()).slice(0, 4)) }),
      [1, 2, 3, 4, 5, 6],
    ],
    ["a storage of a GPU", tensor({ storageClass: global("torch.cuda", "FloatStorage") }), [1, 2, 3, 4, 5, 6]],
    [
      "an untyped storage of torch 1.11",
      tensor({
        storageClass: global("torch.storage", "_UntypedStorage"),
        elements: 24,
        rebuild: "_rebuild_tensor_v3",
        more: [global("torch", "float32")],
      }),
      [1, 2, 3, 4, 5, 6],
    ],
  ])("%s", async (_name, value, expected) => {
    expect(await valuesOf(value)).toEqual(expected);
  });

  test("a big-endian archive", async () => {
    const swapped = six["0"].slice();
    for (let at = 0; at < swapped.length; at += 4) swapped.subarray(at, at + 4).reverse();
    expect(await valuesOf(tensor(), { storages: { "0": swapped }, byteOrder: "big" })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("no byteorder, as torch before 2.1 writes", async () => {
    expect(await valuesOf(tensor(), { storages: six, byteOrder: undefined })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("10^12 elements of one: said, not allocated", async () => {
    const found = await valueOf(tensor({ size: tuple(1_000_000, 1_000_000), strides: tuple(0, 0) }));
    expect(found).toMatchObject({ kind: "tensor", byteLength: 4e12 });
  });

  test("a storage nobody uses, another top folder, another order", async () => {
    const more = [{ name: "my model/data/7", data: floats(9) }];
    expect(await valuesOf(tensor(), { storages: six, topFolder: "my model", more })).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("tied tensors share their storage's identity", async () => {
    const { root } = await open(
      dict([
        ["a", tensor()],
        ["b", tensor({ offset: 1, size: tuple(2), strides: tuple(1) })],
      ]),
    );
    const [a, b] = isTreeMap(root) ? [root.get("a"), root.get("b")] : [];
    expect(isTensor(a) && isTensor(b) && a.storage.identity === b.storage.identity).toBe(true);
  });
});

/** The arguments of a call. */
function argsOf(call: PickleInput): readonly PickleInput[] {
  return typeof call === "object" && call !== null && "args" in call ? call.args : [];
}

describe("tensors that are refused, alone", () => {
  const metadata = (key: string): PickleInput => tensor({ more: [dict([[key, true]])] });
  test.each<readonly [string, ErrorCode, RegExp, PickleInput]>([
    ["a size that leaves the storage", "tensor-invalid", /reach element 9 of a storage of 6/, tensor({ size: tuple(3, 3) })],
    ["an offset that leaves it", "tensor-invalid", /reach element 7/, tensor({ offset: 1 })],
    ["strides that leave it", "tensor-invalid", /reach element/, tensor({ strides: tuple(300, 1) })],
    ["a negative size", "tensor-invalid", /size has -2/, tensor({ size: tuple(-2, 3) })],
    ["a negative stride", "tensor-invalid", /strides has -1/, tensor({ strides: tuple(3, -1) })],
    ["a negative offset", "tensor-invalid", /offset has -1/, tensor({ offset: -1 })],
    ["a size of 2^70", "tensor-invalid", /integer/, tensor({ size: tuple(2n ** 70n, 3) })],
    [
      "a product of 2^54 in an expanded tensor",
      "tensor-invalid",
      /2\^53|more than/,
      tensor({ size: tuple(2 ** 27, 2 ** 27), strides: tuple(0, 0) }),
    ],
    ["a size that is no number", "tensor-invalid", /size has 'x'/, tensor({ size: tuple("x") })],
    ["True as a size", "tensor-invalid", /size has True/, tensor({ size: tuple(true) })],
    ["a size that is no tuple", "tensor-invalid", /where a tuple/, tensor({ size: 6 })],
    ["fewer strides than sizes", "tensor-invalid", /2 sizes and 1 strides/, tensor({ strides: tuple(1) })],
    ["65 dimensions", "limit-exceeded", /65 dimensions/, tensor({ size: tuple(...Array.from({ length: 65 }, () => 1)) })],
    ["more elements than the entry", "tensor-invalid", /takes 28 bytes, and the entry "archive\/data\/0" has 24/, tensor({ elements: 7 })],
    ["fewer elements than the entry", "tensor-invalid", /takes 20 bytes/, tensor({ elements: 5, size: tuple(1, 3) })],
    ["elements of another width", "tensor-invalid", /takes 48 bytes/, tensor({ storageClass: global("torch", "DoubleStorage") })],
    ["elements past 2^53", "tensor-invalid", /number of elements/, tensor({ elements: 2n ** 60n })],
    ["a storage that is not there", "tensor-invalid", /data\/1", is not in the archive/, tensor({ key: "1" })],
    ["a key that goes up", "tensor-invalid", /not in the archive/, tensor({ key: "../../secret" })],
    ["a key that is a number", "tensor-invalid", /key is 0/, tensor({ key: 0 })],
    ["a reference that is text", "tensor-invalid", /where a tuple of 5/, tensor({ id: "0" })],
    [
      "a reference of four items",
      "tensor-invalid",
      /where a tuple of 5/,
      tensor({ id: tuple("storage", global("torch", "FloatStorage"), "0", "cpu") }),
    ],
    [
      "a reference to something else",
      "tensor-invalid",
      /begins with 'storage'/,
      tensor({ id: tuple("file", global("torch", "FloatStorage"), "/etc/passwd", "cpu", 6) }),
    ],
    [
      "a storage class that is none",
      "tensor-invalid",
      /torch.nn.Linear, where a class such as/,
      tensor({ storageClass: global("torch.nn", "Linear") }),
    ],
    ["a storage class of another module", "tensor-invalid", /evil.FloatStorage/, tensor({ storageClass: global("evil", "FloatStorage") })],
    [
      "a storage class named after a method of objects",
      "tensor-invalid",
      /torch.constructor/,
      tensor({ storageClass: global("torch", "constructor") }),
    ],
    [
      "an untyped storage without a type",
      "tensor-invalid",
      /has no element type/,
      tensor({ storageClass: global("torch.storage", "UntypedStorage"), elements: 24 }),
    ],
    [
      "an element type that is none",
      "tensor-invalid",
      /element type is 'float32'/,
      tensor({ rebuild: "_rebuild_tensor_v3", more: ["float32"] }),
    ],
    [
      "an element type Longspan lacks",
      "unsupported",
      /torch.float8_e8m0fnu, which Longspan does not have/,
      tensor({ rebuild: "_rebuild_tensor_v3", more: [global("torch", "float8_e8m0fnu")] }),
    ],
    [
      "complex numbers",
      "unsupported",
      /complex64/,
      tensor({ storageClass: global("torch", "ComplexFloatStorage"), elements: 3, size: tuple(3), strides: tuple(1) }),
    ],
    ["the conjugate bit", "unsupported", /marked 'conj'.*resolve_conj/, metadata("conj")],
    ["the negative bit", "unsupported", /marked 'neg'/, metadata("neg")],
    ["bits nobody knows", "unsupported", /marked 'twist'/, metadata("twist")],
    ["metadata that is none", "tensor-invalid", /metadata is 5/, tensor({ more: [5] })],
    ["a sparse tensor", "unsupported", /to_dense/, reduce(global("torch._utils", "_rebuild_sparse_tensor"), [1, 2])],
    ["a quantised tensor", "unsupported", /dequantize/, reduce(global("torch._utils", "_rebuild_qtensor"), [])],
    [
      "a parameter around nothing",
      "tensor-invalid",
      /stands around 5/,
      reduce(global("torch._utils", "_rebuild_parameter"), [5, true, orderedDict()]),
    ],
    [
      "a storage that is no reference",
      "tensor-invalid",
      /storage is 5/,
      reduce(global("torch._utils", "_rebuild_tensor_v2"), [5, 0, tuple(), tuple()]),
    ],
    ["no arguments", "tensor-invalid", /storage is missing/, reduce(global("torch._utils", "_rebuild_tensor_v2"), [])],
  ])("%s", async (_name, code, message, value) => {
    const { root } = await open(
      dict([
        ["plain", tensor({ key: "9" })],
        ["odd", value],
      ]),
      { storages: { ...six, "9": six["0"] } },
    );
    const [plain, odd] = isTreeMap(root) ? [root.get("plain"), root.get("odd")] : [];
    expect(isTensor(plain)).toBe(true);
    expect(odd).toMatchObject({
      kind: "opaque",
      reason: expect.stringMatching(message),
      error: { code, message: expect.stringContaining('model.bin: tensor "odd": ') },
    });
  });

  test("one key as two storages: the second", async () => {
    const { root } = await open(
      dict([
        ["a", tensor()],
        ["b", tensor({ storageClass: global("torch", "IntStorage") })],
        ["c", tensor({ elements: 3, size: tuple(1, 3) })],
      ]),
    );
    const [a, b, c] = isTreeMap(root) ? [root.get("a"), root.get("b"), root.get("c")] : [];
    expect(isTensor(a)).toBe(true);
    for (const value of [b, c])
      expect(value).toMatchObject({ error: { code: "tensor-invalid", message: expect.stringContaining("and elsewhere as") } });
  });

  test("parameters of parameters of …", async () => {
    let value = tensor();
    for (let depth = 0; depth < 40; depth++) value = reduce(global("torch._utils", "_rebuild_parameter"), [value, true]);
    expect(await valueOf(value)).toMatchObject({
      error: { code: "tensor-invalid", message: expect.stringContaining("wrapped more than") },
    });
  });
});

describe("pickles that would harm", () => {
  test("calls are nodes, and nothing is called", async () => {
    const { root } = await open(
      dict([
        ["boom", reduce(global("os", "system"), ["rm -rf /"])],
        ["eval", reduce(global("builtins", "eval"), ["1"])],
        ["w", tensor()],
      ]),
    );
    const map = isTreeMap(root) ? root : undefined;
    expect(map?.get("boom")).toEqual({ kind: "opaque", className: "os.system", state: { kind: "tuple", items: ["rm -rf /"] } });
    expect(map?.get("eval")).toMatchObject({ className: "builtins.eval" });
    expect(isTensor(map?.get("w"))).toBe(true);
  });

  test("keys are keys, whatever they spell", async () => {
    const { root } = await open(
      dict([
        ["__proto__", tensor()],
        ["constructor", tensor()],
        [1, "number"],
        ["1", "text"],
        [tuple(1, 2), "tuple"],
        [global("a", "B"), "class"],
      ]),
    );
    const map = isTreeMap(root) ? root : undefined;
    expect(isTensor(map?.get("__proto__"))).toBe(true);
    expect(isTensor(map?.get("constructor"))).toBe(true);
    expect(map?.get("1")).toBe("text");
    expect(map?.get("toString")).toBeUndefined();
    expect(map?.entries.map(([key]) => key)).toEqual([
      "__proto__",
      "constructor",
      1,
      "1",
      { kind: "tuple", items: [1, 2] },
      { kind: "opaque", className: "a.B" },
    ]);
    expect(Object.prototype).not.toHaveProperty("kind");
  });

  test("a nest of 300,000 tuples, and values that contain themselves", async () => {
    const deep = concatenate(Uint8Array.of(0x80, 2, 0x4e), new Uint8Array(300_000).fill(0x85), Uint8Array.of(0x2e));
    const { root } = await open(null, { pickle: deep });
    expect(root).toMatchObject({ kind: "tuple" });

    const cyclic = list([]);
    cyclic.items.push(cyclic, tensor());
    const opened = await open(cyclic);
    const items = typeof opened.root === "object" && opened.root?.kind === "list" ? opened.root.items : [];
    expect(items[0]).toBe(opened.root);
    expect(isTensor(items[1])).toBe(true);
  });

  test("2^40 leaves by reference are 41 nodes", async () => {
    let value: PickleInput = list([1]);
    for (let level = 0; level < 40; level++) value = list([value, value]);
    const { root } = await open(value);
    const first = typeof root === "object" && root?.kind === "list" ? root.items : [];
    expect(first[0]).toBe(first[1]);
  });

  test("other values: sets, classes, numbers, bytes", async () => {
    const { root } = await open(
      tuple(
        2n ** 70n,
        reduce(global("builtins", "set"), [list([1])]),
        reduce(global("torch", "device"), ["cpu"]),
        newObject(global("argparse", "Namespace"), [], { state: dict([["lr", 0.5]]) }),
      ),
    );
    expect(root).toMatchObject({
      kind: "tuple",
      items: [
        2n ** 70n,
        { kind: "set", items: [1] },
        { className: "torch.device" },
        { className: "argparse.Namespace", state: { kind: "map", entries: [["lr", 0.5]] } },
      ],
    });
  });
});

describe("archives", () => {
  const plain = dict([["w", tensor()]]);
  test.each<readonly [string, ErrorCode, RegExp, TestArchive]>([
    ["no version", "malformed", /no entry version/, { version: undefined }],
    ["version 0", "unsupported", /version "0"/, { version: "0" }],
    ["version 11", "unsupported", /version "11"/, { version: "11" }],
    ["version abc", "unsupported", /version "abc"/, { version: "abc" }],
    ["a version of 100 characters", "malformed", /100 bytes in the entry "archive\/version"/, { version: "3".repeat(100) }],
    ["a mixed byte order", "malformed", /byte order "mixed"/, { byteOrder: "mixed" }],
    ["a second top folder", "malformed", /two top folders/, { more: [{ name: "other/data/0", data: floats(1) }] }],
    ["an entry outside of a folder", "malformed", /outside of a folder/, { more: [{ name: "readme", data: floats(1) }] }],
    ["a compressed tensor", "unsupported", /zip -0/, { more: [{ name: "archive/data/9", data: floats(1), method: 8 }] }],
    ["a pickle that is cut off", "truncated", /archive\/data\.pkl/, { pickle: pickleBytes(plain).slice(0, -4) }],
    ["a pickle that is none", "malformed", /archive\/data\.pkl/, { pickle: Uint8Array.of(1, 2, 3) }],
    ["an empty pickle", "truncated", /archive\/data\.pkl/, { pickle: new Uint8Array() }],
    ["protocol 6", "unsupported", /archive\/data\.pkl/, { pickle: Uint8Array.of(0x80, 6, 0x4e, 0x2e) }],
  ])("%s", async (_name, code, message, archive) => {
    await expect(open(plain, { storages: six, ...archive })).rejects.toMatchObject({
      name: "LongspanError",
      code,
      message: expect.stringMatching(message),
    });
  });

  test.each([1, 2, 3, 9, 10])("version %i", async (version) => {
    expect((await open(plain, { storages: six, version: `${version}\n` })).warnings).toEqual([]);
  });

  test("without data.pkl", async () => {
    const bytes = buildZip([{ name: "archive/version", data: new TextEncoder().encode("3") }]);
    await expect(openBytes(container, bytes)).rejects.toMatchObject({ code: "malformed", message: expect.stringContaining("data.pkl") });
  });

  test("bytes after the pickle and missing checksums are warned of", async () => {
    const { warnings } = await open(plain, {
      pickle: concatenate(pickleBytes(plain), Uint8Array.of(1, 2, 3)),
      storages: six,
      more: [{ name: "archive/data/1", data: floats(1), checksum: 0 }],
    });
    expect(warnings).toEqual([
      expect.stringContaining("without checksums"),
      expect.stringContaining("3 bytes after the end of its pickle"),
    ]);
  });

  test("a damaged tensor is noticed when it is read, unless asked not to look", async () => {
    const bytes = buildTorchZip(plain, { storages: six });
    const at = bytes.findIndex((_, index) => six["0"].every((byte, place) => bytes[index + place] === byte));
    bytes[at] = 77;
    const read = async (options?: { verifyChecksums: boolean }): Promise<unknown> => {
      const { root } = await openBytes(torchZipContainer(options), bytes);
      const found = isTreeMap(root) ? root.get("w") : undefined;
      return isTensor(found) ? found.read() : undefined;
    };
    await expect(read()).rejects.toBeInstanceOf(LongspanError);
    expect(await read({ verifyChecksums: false })).toMatchObject({ shape: [2, 3] });
  });

  test("a damaged tensor of more than a mebibyte is noticed when asked to look", async () => {
    const elements = 2 ** 18 + 1;
    const storage = new Uint8Array(elements * 4).fill(1);
    const bytes = buildTorchZip(dict([["w", tensor({ elements, size: tuple(elements), strides: tuple(1) })]]), {
      storages: { "0": storage },
    });
    const at = bytes.findIndex((_, index) => storage.subarray(0, 64).every((byte, place) => bytes[index + place] === byte));
    bytes[at + 9] = 77;
    const read = async (options?: { verifyChecksums: boolean }): Promise<unknown> => {
      const { root } = await openBytes(torchZipContainer(options), bytes);
      const found = isTreeMap(root) ? root.get("w") : undefined;
      return isTensor(found) ? found.read() : undefined;
    };
    expect(await read()).toMatchObject({ shape: [elements] });
    await expect(read({ verifyChecksums: true })).rejects.toBeInstanceOf(LongspanError);
  });
});
