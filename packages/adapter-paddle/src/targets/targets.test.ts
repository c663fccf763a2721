import { type DataType, type LazyTensor, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { bytesSource, stridedTensor, type TargetRequest } from "@longspan/core/adapter";
import { seededCheckpoint } from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { bytesOf, openBytes, openFile, tensorsOf } from "../../test/open-container.ts";
import { paddleSafetensorsTarget } from "./paddle-safetensors-target.ts";
import { paddleTarget } from "./paddle-target.ts";

function tensor(name: string, dataType: DataType, shape: readonly number[], bytes: Uint8Array): LazyTensor {
  return stridedTensor({ name, dataType, shape, storage: { source: bytesSource(bytes, name), offset: 0, byteLength: bytes.length } });
}

/** A request that notes in which order tensors were read. */
function requestOf(tensors: readonly LazyTensor[], more: Partial<TargetRequest> = {}) {
  const { spec } = seededCheckpoint({ head: "model" });
  if (spec === null) throw new Error("no spec");
  const sink = memoryDirectorySink();
  const copied: string[] = [];
  const request: TargetRequest = {
    tensors: tensors.map((one) => ({ tensor: one, canonicalName: one.name })),
    aliases: [{ name: "lm_head.decoder.bias", of: "lm_head.bias" }],
    spec,
    config: { model_type: "longformer", unknown: ["kept"] },
    sidecars: [],
    directory: true,
    metadata: new Map(),
    sink,
    async copy(one, to) {
      copied.push(one.name);
      await to.write(await bytesOf(one));
    },
    ...more,
  };
  return { request, sink, copied };
}

const one = tensor("a.weight", "float32", [1, 2], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
const two = tensor("b", "bool", [], Uint8Array.of(1));

describe("paddle", () => {
  test("writes these bytes", async () => {
    const { request, sink } = requestOf([one]);
    await paddleTarget.write(request);
    await sink.commit();
    const bytes = sink.files.get("model_state.pdparams");
    // Python's pickletools.dis says: PROTO 4, EMPTY_DICT, the key, numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), b"b"),
    // BUILD (1, (1, 2), numpy.dtype("f4", False, True) BUILD (3, "<", None, None, None, -1, -1, 0), False, 8 bytes), SETITEM, STOP.
    const escaped = Array.from(bytes ?? [], (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `<${byte.toString(16).padStart(2, "0")}>`,
    ).join("");
    expect(escaped).toBe(
      `<80><04>}<8c><08>a.weight<8c><15>numpy.core.multiarray<8c><0c>_reconstruct<93><8c><05>numpy<8c><07>ndarray<93>K<00><85>C<01>b<87>R(K<01>K<01>K<02><86><8c><05>numpy<8c><05>dtype<93><8c><02>f4<89><88><87>R(K<03><8c><01><NNNJ<ff><ff><ff><ff>J<ff><ff><ff><ff>K<00>tb<89>C<08><01><02><03><04><05><06><07><08>tbs.`,
    );
  });

  test("writes every tensor in the given order, without ties and without a name table", async () => {
    const { request, sink, copied } = requestOf([one, two]);
    await paddleTarget.write(request);
    await sink.commit();
    expect(copied).toEqual(["a.weight", "b"]);
    const { root } = await openBytes(sink.files.get("model_state.pdparams") ?? new Uint8Array(0));
    expect.assert(typeof root === "object" && root?.kind === "map");
    expect(root.entries.map(([key]) => key)).toEqual(["a.weight", "b"]);
  });

  test.each<[DataType, number]>([
    ["float64", 8],
    ["float32", 4],
    ["float16", 2],
    ["bfloat16", 2],
    ["int64", 8],
    ["int32", 4],
    ["int16", 2],
    ["int8", 1],
    ["uint8", 1],
    ["bool", 1],
  ])("writes %s so that it comes back", async (dataType, width) => {
    const bytes = Uint8Array.from({ length: 6 * width }, (_, index) => index % 2);
    const { request, sink } = requestOf([
      tensor("w", dataType, [2, 3], bytes),
      tensor("e", dataType, [0, 3], new Uint8Array(0)),
      tensor("s", dataType, [], bytes.slice(0, width)),
    ]);
    await paddleTarget.write(request);
    await sink.commit();
    const { tensors } = tensorsOf((await openBytes(sink.files.get("model_state.pdparams") ?? new Uint8Array(0))).root);
    const found = tensors.get("w");
    expect.assert(found !== undefined);
    expect([found.dataType, found.shape, tensors.get("e")?.shape, tensors.get("s")?.shape]).toEqual([dataType, [2, 3], [0, 3], []]);
    expect([...(await bytesOf(found))]).toEqual([...bytes]);
  });

  test.each<DataType>(["float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64"])(
    "refuses %s, which Paddle would not give back",
    async (dataType) => {
      expect(paddleTarget.dataTypes).not.toContain(dataType);
      const { request } = requestOf([tensor("w", dataType, [0], new Uint8Array(0))]);
      await expect(paddleTarget.write(request)).rejects.toMatchObject({
        code: "data-type-mismatch",
        message: expect.stringContaining('"w"') as string,
      });
    },
  );
});

describe("paddle-safetensors", () => {
  test("writes one file that says np", async () => {
    const { request, sink, copied } = requestOf([two, one]);
    await paddleSafetensorsTarget.write(request);
    await sink.commit();
    expect([...sink.files.keys()]).toEqual(["model.safetensors", "config.json"]);
    const bytes = sink.files.get("model.safetensors") ?? new Uint8Array(0);
    const header = new TextDecoder().decode(bytes.subarray(8, bytes.length - 9)).trimEnd();
    expect(header).toBe(
      '{"__metadata__":{"format":"np"},"a.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}',
    );
    expect(copied).toEqual(["a.weight", "b"]);
    expect([...bytes.subarray(-9)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 1]);
  });

  test("writes shards under PaddleNLP's names, with an index", async () => {
    const { request, sink } = requestOf([one, two], { shardBytes: 8 });
    await paddleSafetensorsTarget.write(request);
    await sink.commit();
    expect([...sink.files.keys()]).toEqual([
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
      "config.json",
    ]);
    expect(JSON.parse(new TextDecoder().decode(sink.files.get("model.safetensors.index.json")))).toEqual({
      metadata: { total_size: 9 },
      weight_map: { "a.weight": "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" },
    });
    const container = await openFile(memoryFileSet("folder", sink.files), "model.safetensors.index.json");
    expect([...tensorsOf(container.root).tensors.keys()]).toEqual(["a.weight", "b"]);
    expect(container.attributes.get("format")).toBe("np");
    await container.close();
  });

  test("writes no index for a single shard", async () => {
    const { request, sink } = requestOf([one, two], { shardBytes: 1000 });
    await paddleSafetensorsTarget.write(request);
    await sink.commit();
    expect([...sink.files.keys()]).toEqual(["model.safetensors", "config.json"]);
  });
});

describe.each([paddleTarget, paddleSafetensorsTarget])("$name", (target) => {
  test("writes config.json and the tokenizer's files beside the weights, byte for byte", async () => {
    const large = Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 251);
    const { request, sink } = requestOf([one], { sidecars: [{ fileName: "vocab.json", source: bytesSource(large) }] });
    await target.write(request);
    await sink.commit();
    expect([...sink.files.keys()]).toEqual([target.fileName, "config.json", "vocab.json"]);
    expect(new TextDecoder().decode(sink.files.get("config.json"))).toBe(
      '{\n  "model_type": "longformer",\n  "unknown": [\n    "kept"\n  ]\n}\n',
    );
    expect(Buffer.compare(sink.files.get("vocab.json") ?? new Uint8Array(0), large)).toBe(0);
  });

  test("writes the one file that was named, and nothing beside it", async () => {
    const { request, sink } = requestOf([one], { directory: false, fileName: `mine${target.fileExtensions[0]}` });
    await target.write(request);
    await sink.commit();
    expect([...sink.files.keys()]).toEqual([`mine${target.fileExtensions[0]}`]);
  });

  test("supersedes its own older files and no others", () => {
    const gone = (name: string): boolean => target.supersedes.some((pattern) => pattern.test(name));
    const [stem, extension] = target.fileName.split(".");
    for (const name of [target.fileName, `${stem}-00001-of-00003.${extension}`, `${target.fileName}.index.json`])
      expect(gone(name)).toBe(true);
    for (const name of ["config.json", `my-${target.fileName}`, `${target.fileName}.bak`, "pytorch_model.bin"])
      expect(gone(name)).toBe(false);
  });

  test("stops when told to", async () => {
    const { request } = requestOf([one], {
      signal: AbortSignal.abort(),
      sidecars: [{ fileName: "vocab.json", source: bytesSource(new Uint8Array(3)) }],
    });
    await expect(target.write(request)).rejects.toMatchObject({ code: "aborted" });
  });
});
