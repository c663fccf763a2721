import { type ByteSource, bytesPerElement, type DataType, dataTypes, elementCount, type LazyTensor } from "@longspan/core";
import { bytesSource, isTensor, isTreeMap, stridedTensor } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { openBytes } from "../../test/build-torch-file.ts";
import { collectingSink, copyTensor } from "../../test/memory-sink.ts";
import { torchLegacyContainer } from "../containers/torch-legacy.ts";
import { torchZipContainer } from "../containers/torch-zip.ts";
import { readZipArchive } from "../zip/zip-archive.ts";
import { OrderedWrites } from "./ordered-writes.ts";
import type { TorchValue } from "./torch-value.ts";
import { writeTorchLegacy } from "./write-torch-legacy.ts";
import { writeTorchZip } from "./write-torch-zip.ts";
import { ZipWriter } from "./zip-writer.ts";

function tensorOf(name: string, dataType: DataType, shape: readonly number[]): LazyTensor {
  const byteLength = elementCount(shape) * bytesPerElement(dataType);
  const bytes = Uint8Array.from({ length: byteLength }, (_, index) => (dataType === "bool" ? index & 1 : (index * 7 + name.length) & 0xff));
  return stridedTensor({ name, dataType, shape, storage: { source: bytesSource(bytes), offset: 0, byteLength } });
}

async function zipOf(root: TorchValue, topFolder = "archive"): Promise<Uint8Array> {
  const sink = collectingSink();
  await writeTorchZip(sink, { root, topFolder, copy: copyTensor });
  return sink.bytes();
}

async function legacyOf(root: TorchValue): Promise<Uint8Array> {
  const sink = collectingSink();
  await writeTorchLegacy(sink, { root, copy: copyTensor });
  return sink.bytes();
}

const types = Object.keys(dataTypes) as DataType[];
const everything = new Map<string, LazyTensor>([
  ...types.map((type) => [type, tensorOf(type, type, [3, 2])] as const),
  ["scalar", tensorOf("scalar", "float32", [])],
  ["empty", tensorOf("empty", "int64", [0, 3])],
]);

function mapOf(tensors: ReadonlyMap<string, LazyTensor>): TorchValue {
  return { kind: "map", ordered: true, entries: [...tensors].map(([name, tensor]) => [name, { kind: "tensor", tensor }] as const) };
}

/** A source of which only the end exists: what lies before it is zeros. */
function lateSource(size: number, end: Uint8Array): ByteSource {
  return {
    name: "late.pt",
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      const start = size - end.length;
      for (let index = 0; index < length; index++) bytes[index] = end[offset + index - start] ?? 0;
      return bytes;
    },
    async close() {},
  };
}

describe("the zip format", () => {
  test("every element type comes back bit for bit", async () => {
    const { root, warnings } = await openBytes(torchZipContainer(), await zipOf(mapOf(everything)));
    expect(warnings).toEqual([]);
    for (const [name, tensor] of everything) {
      const found = isTreeMap(root) ? root.get(name) : undefined;
      expect(isTensor(found) ? await found.read() : undefined).toEqual(await tensor.read());
    }
  });

  test("entries as torch lays them out: stored, in order, aligned to 64 bytes, one per storage", async () => {
    const bytes = await zipOf(mapOf(everything), "pytorch_model");
    const archive = await readZipArchive(bytesSource(bytes, "model.pt"));
    const names = [...archive.entries.keys()];
    expect(names.slice(0, 3)).toEqual(["pytorch_model/data.pkl", "pytorch_model/byteorder", "pytorch_model/data/0"]);
    expect(names.slice(-2)).toEqual([`pytorch_model/data/${everything.size - 1}`, "pytorch_model/version"]);
    for (const entry of archive.entries.values()) {
      expect(entry.method).toBe(0);
      expect((await entry.dataOffset()) % 64).toBe(0);
    }
    expect(names.filter((name) => name.includes("/."))).toEqual([]);
  });

  test("plain values of every kind", async () => {
    const shared = tensorOf("shared", "float32", [2]);
    const entries: readonly (readonly [TorchValue, TorchValue])[] = [
      ["none", null],
      ["yes", true],
      ["integer", -3],
      ["large", 2n ** 70n],
      ["float", 0.5],
      ["whole", { kind: "float", value: 2 }],
      ["text", "naïve ☃ 𝄞"],
      ["list", { kind: "list", items: [1, { kind: "tuple", items: [] }] }],
      [7, { kind: "map", entries: [["__proto__", 1]] }],
      ["a", { kind: "tensor", tensor: shared }],
      ["b", { kind: "tensor", tensor: shared }],
    ];
    for (const bytes of [await zipOf({ kind: "map", entries }), await legacyOf({ kind: "map", entries })]) {
      const container = bytes[0] === 0x50 ? torchZipContainer() : torchLegacyContainer();
      const { root } = await openBytes(container, bytes);
      const map = isTreeMap(root) ? root : undefined;
      expect(map?.entries.slice(0, 8)).toMatchObject([
        ["none", null],
        ["yes", true],
        ["integer", -3],
        ["large", 2n ** 70n],
        ["float", 0.5],
        ["whole", 2],
        ["text", "naïve ☃ 𝄞"],
        ["list", { kind: "list", items: [1, { kind: "tuple", items: [] }] }],
      ]);
      expect(map?.entries[8]).toMatchObject([7, { entries: [["__proto__", 1]] }]);
      const [a, b] = [map?.get("a"), map?.get("b")];
      expect(isTensor(a) && isTensor(b) && a.storage.identity === b.storage.identity).toBe(true);
    }
  });

  test("an entry beyond 4 GiB is found through its zip64 fields", async () => {
    const sink = collectingSink();
    const out = new OrderedWrites(sink);
    out.skip(2 ** 32 + 123);
    const zip = new ZipWriter(out);
    const data = Uint8Array.of(1, 2, 3);
    zip.addBytes("a/b", data);
    zip.addBytes("a/empty", new Uint8Array());
    zip.finish();
    await out.finish();
    const archive = await readZipArchive(lateSource(out.position, sink.bytes()));
    const entry = archive.entries.get("a/b");
    expect(entry?.headerOffset).toBe(2 ** 32 + 123);
    expect(((await entry?.dataOffset()) ?? 1) % 64).toBe(0);
    expect(archive.entries.get("a/empty")?.byteLength).toBe(0);
  });
});

describe("the stream format", () => {
  test("every element type it has comes back bit for bit, storages in the tensors' order", async () => {
    const many = new Map(Array.from({ length: 12 }, (_, index) => [`t${index}`, tensorOf(`t${index}`, "int16", [index])] as const));
    const kept = new Map([...everything, ...many].filter(([, { dataType }]) => !/^(?:float8|uint16|uint32|uint64)/.test(dataType)));
    const { root, warnings } = await openBytes(torchLegacyContainer(), await legacyOf(mapOf(kept)));
    expect(warnings).toEqual([]);
    for (const [name, tensor] of kept) {
      const found = isTreeMap(root) ? root.get(name) : undefined;
      expect(isTensor(found) ? await found.read() : undefined).toEqual(await tensor.read());
    }
  });

  test.each(["float8_e4m3fn", "uint16", "uint64"] as const)("%s is refused: torch itself could not read it", async (dataType) => {
    await expect(legacyOf({ kind: "tensor", tensor: tensorOf("w", dataType, [2]) })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(dataType),
    });
  });
});

describe("what cannot be written", () => {
  test.each(["", "a/b", "..", ".hidden", "a b", "é"])("the top folder %j", async (topFolder) => {
    await expect(zipOf(null, topFolder)).rejects.toMatchObject({ code: "argument-invalid" });
  });

  test("a key Python cannot hash, a nest without end, a copy that stops short", async () => {
    await expect(zipOf({ kind: "map", entries: [[{ kind: "list", items: [] }, 1]] })).rejects.toMatchObject({ code: "unsupported" });
    let deep: TorchValue = 1;
    for (let level = 0; level < 1000; level++) deep = { kind: "list", items: [deep] };
    await expect(zipOf(deep)).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("nested") });
    const short = writeTorchZip(collectingSink(), {
      root: { kind: "tensor", tensor: tensorOf("w", "float32", [4]) },
      topFolder: "a",
      copy: async () => {},
    });
    await expect(short).rejects.toMatchObject({ code: "tensor-invalid", message: expect.stringContaining("16 bytes, and 0 came") });
  });

  test("a sink that fails makes the writer fail", async () => {
    const sink = { write: async () => Promise.reject(new Error("no room")), close: async () => {} };
    await expect(writeTorchZip(sink, { root: 1, topFolder: "a", copy: copyTensor })).rejects.toThrow("no room");
    await expect(writeTorchLegacy(sink, { root: 1, copy: copyTensor })).rejects.toThrow("no room");
  });
});
