import {
  bytesPerElement,
  type DataType,
  dataTypes,
  elementCount,
  type LazyTensor,
  memoryDirectorySink,
  memoryFileSet,
} from "@longspan/core";
import { bytesSource, isTensor, isTreeMap, type OpenedContainer, stridedTensor, type TargetRequest } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { safetensorsContainer } from "./safetensors-container.ts";
import { safetensorsShardedContainer } from "./safetensors-sharded-container.ts";
import { shardTensors } from "./shard-tensors.ts";
import { type WriteSafetensorsOptions, safetensorsFiles, writeSafetensors } from "./write-safetensors.ts";

function tensorOf(name: string, dataType: DataType = "float32", shape: readonly number[] = [2]): LazyTensor {
  const byteLength = elementCount(shape) * bytesPerElement(dataType);
  const bytes = Uint8Array.from({ length: byteLength }, (_, index) => (index + name.length) % 2);
  return stridedTensor({ name, dataType, shape, storage: { source: bytesSource(bytes, name), offset: 0, byteLength } });
}

async function write(
  tensors: readonly LazyTensor[],
  { metadata = { format: "pt" }, totalParameters }: Partial<WriteSafetensorsOptions> = {},
  more: Partial<Pick<TargetRequest, "fileName" | "shardBytes">> = {},
): Promise<{ readonly files: ReadonlyMap<string, Uint8Array>; readonly copied: readonly string[] }> {
  const sink = memoryDirectorySink();
  const copied: string[] = [];
  const request = {
    tensors: tensors.map((tensor) => ({ tensor, canonicalName: tensor.name })),
    sink,
    copy: async (tensor: LazyTensor, to: { write(bytes: Uint8Array): Promise<void> }) => {
      copied.push(tensor.name);
      await to.write(await tensor.readBytes(0, tensor.byteLength));
    },
    ...more,
  };
  await writeSafetensors(request, { metadata, ...(totalParameters === undefined ? {} : { totalParameters }) });
  await sink.commit();
  return { files: sink.files, copied };
}

function open(files: ReadonlyMap<string, Uint8Array>, fileName: string): Promise<OpenedContainer> {
  const container = fileName.endsWith(".json") ? safetensorsShardedContainer() : safetensorsContainer();
  const source = bytesSource(files.get(fileName) ?? new Uint8Array(0), fileName);
  return container.open({ source, fileName, files: memoryFileSet("written", files) });
}

const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("one file", () => {
  test("has every element type bit for bit, scalars and empty tensors, and the metadata", async () => {
    const tensors = [
      ...(Object.keys(dataTypes) as DataType[]).map((dataType) => tensorOf(dataType, dataType, [3, 2])),
      tensorOf("scalar", "int64", []),
      tensorOf("empty", "float32", [0, 3]),
      tensorOf("__proto__"),
    ];
    const { files, copied } = await write(tensors, { metadata: { format: "np", by: "me" } });
    expect([...files.keys()]).toEqual([safetensorsFiles.fileName]);
    expect(new Set(copied)).toEqual(new Set(tensors.map(({ name }) => name)));
    expect(copied.length).toBe(tensors.length);
    const { root, attributes } = await open(files, safetensorsFiles.fileName);
    expect(Object.fromEntries(attributes)).toEqual({ format: "np", by: "me" });
    expect(isTreeMap(root) && root.entries.length).toBe(tensors.length);
    for (const { name, dataType, shape, read } of tensors) {
      const found = isTreeMap(root) ? root.get(name) : undefined;
      expect.assert(isTensor(found));
      expect([name, found.dataType, found.shape]).toEqual([name, dataType, shape]);
      expect(await found.read()).toEqual(await read());
    }
  });

  test("is these bytes", async () => {
    const { files } = await write([tensorOf("b", "bool", []), tensorOf("a", "float32", [1])]);
    const bytes = files.get("model.safetensors") ?? new Uint8Array(0);
    expect(textOf(bytes.subarray(8, -5)).trimEnd()).toBe(
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[4,5]}}',
    );
    expect([...bytes.subarray(-5)]).toEqual([1, 0, 1, 0, 1]);
  });

  test("has the name that was asked for, and none beside it where the limit is not reached", async () => {
    const { files } = await write([tensorOf("a")], {}, { fileName: "mine.st", shardBytes: 1000 });
    expect([...files.keys()]).toEqual(["mine.st"]);
  });

  test("may have no tensors", async () => {
    const { files } = await write([], {}, { shardBytes: 8 });
    expect(isTreeMap((await open(files, "model.safetensors")).root)).toBe(true);
  });
});

describe("shards", () => {
  test.each([
    [true, { total_parameters: 5, total_size: 20 }],
    [false, { total_size: 20 }],
    [undefined, { total_size: 20 }],
  ])("are one with their index (totalParameters %s)", async (totalParameters, metadata) => {
    const tensors = [tensorOf("a", "float32", [1]), tensorOf("b"), tensorOf("c")];
    const { files } = await write(tensors, totalParameters === undefined ? {} : { totalParameters }, { shardBytes: 12 });
    const index = "model.safetensors.index.json";
    expect([...files.keys()]).toEqual(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", index]);
    expect(JSON.parse(textOf(files.get(index)))).toEqual({
      metadata,
      weight_map: {
        a: "model-00001-of-00002.safetensors",
        b: "model-00001-of-00002.safetensors",
        c: "model-00002-of-00002.safetensors",
      },
    });
    const { root, attributes } = await open(files, index);
    expect(attributes.get("format")).toBe("pt");
    expect(isTreeMap(root) && new Set(root.entries.map(([name]) => name))).toEqual(new Set(["a", "b", "c"]));
  });

  test("of another format know where ties lie", async () => {
    const { files, index } = await shardTensors([tensorOf("a"), tensorOf("b")], {
      fileName: "weights",
      shardBytes: 8,
      aliases: [
        { name: "tied", of: "b" },
        { name: "to nothing", of: "c" },
      ],
    });
    expect(files.map(({ fileName, tensors }) => [fileName, tensors.map(({ name }) => name)])).toEqual([
      ["weights-00001-of-00002", ["a"]],
      ["weights-00002-of-00002", ["b"]],
    ]);
    expect(index?.fileName).toBe("weights.index.json");
    expect(JSON.parse(index?.text ?? "")).toMatchObject({
      weight_map: { a: "weights-00001-of-00002", b: "weights-00002-of-00002", tied: "weights-00002-of-00002" },
    });
    expect(index?.text).not.toContain("to nothing");
  });

  test("what supersedes them is what is written, and no more", async () => {
    const { files } = await write([tensorOf("a"), tensorOf("b")], {}, { shardBytes: 8 });
    const gone = (name: string): boolean => safetensorsFiles.supersedes.some((pattern) => pattern.test(name));
    expect([...files.keys(), safetensorsFiles.fileName].filter((name) => !gone(name))).toEqual([]);
    expect(["config.json", "my-model.safetensors", "model.safetensors.bak"].filter((name) => gone(name))).toEqual([]);
  });
});

describe("what cannot be written is refused under the file's name", () => {
  test.each([
    ["a name twice", [tensorOf("a"), tensorOf("a")], {}],
    ["a name twice among shards", [tensorOf("a"), tensorOf("a")], { shardBytes: 8 }],
    ["the metadata's name", [tensorOf("__metadata__")], {}],
    ["a limit that is no number", [tensorOf("a")], { shardBytes: Number.NaN }],
  ])("%s", async (_, tensors, more) => {
    await expect(write(tensors, {}, more)).rejects.toMatchObject({
      name: "LongspanError",
      code: "argument-invalid",
      message: expect.stringContaining("model.safetensors"),
    });
  });
});
