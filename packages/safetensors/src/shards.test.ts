import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkShards } from "./check-shards.ts";
import { planSafetensors } from "./plan-file.ts";
import { planShards, shardFileName } from "./plan-shards.ts";
import { readSafetensorsHeader } from "./read-header.ts";
import { SafetensorsError } from "./safetensors-error.ts";
import type { SafetensorsHeader } from "./safetensors-file.ts";
import { formatSafetensorsIndex, parseSafetensorsIndex } from "./shard-index.ts";

const fixtures = new URL("../fixtures/", import.meta.url);
const json = (name: string): never => JSON.parse(readFileSync(new URL(name, fixtures), "utf8")) as never;

/** A tiny model saved by transformers with max_shard_size, and its state dict's names, sizes and digests in order. */
const saved: {
  readonly maxShardBytes: number;
  readonly totalParameters: number;
  readonly tensors: readonly (readonly [name: string, byteLength: number, digest: string])[];
} = json("sharded.json");
const indexBytes = readFileSync(new URL("sharded/model.safetensors.index.json", fixtures));

/** How huggingface_hub distributes tensors t0, t1, … of these sizes. */
const recorded: {
  readonly splits: readonly {
    readonly maxShardBytes: number;
    readonly sizes: readonly number[];
    readonly shards: readonly (readonly [fileName: string, tensors: readonly string[]])[];
    readonly totalSize: number;
  }[];
  readonly indexText: string;
  readonly weightMap: readonly (readonly [string, string])[];
} = json("splits.json");

async function readShard(fileName: string): Promise<SafetensorsHeader & { readonly bytes: Uint8Array }> {
  const bytes = new Uint8Array(readFileSync(new URL(`sharded/${fileName}`, fixtures)));
  const header = await readSafetensorsHeader({
    size: bytes.length,
    read: async (offset, length) => bytes.slice(offset, offset + length),
  });
  return { ...header, bytes };
}

function failure(run: () => unknown): SafetensorsError {
  try {
    run();
  } catch (error) {
    if (error instanceof SafetensorsError) return error;
    throw error;
  }
  throw new Error("expected a SafetensorsError");
}

describe("a model that transformers saved in shards", () => {
  const files = shardFileName("model", ".safetensors");

  test("is read whole, with the right values", async () => {
    const index = parseSafetensorsIndex(indexBytes, { fileName: "model.safetensors.index.json" });
    expect(Object.fromEntries(index.metadata)).toEqual({
      total_parameters: saved.totalParameters,
      total_size: 7368,
    });
    const shards = new Map(
      await Promise.all([...new Set(index.weightMap.values())].map(async (fileName) => [fileName, await readShard(fileName)] as const)),
    );
    expect(shards.size).toBe(3);
    checkShards(index, shards);
    const digests = [...shards.values()].flatMap(({ tensors, bytes }) =>
      tensors.map(
        ({ name, offset, byteLength }) =>
          [
            name,
            createHash("sha256")
              .update(bytes.subarray(offset, offset + byteLength))
              .digest("hex"),
          ] as const,
      ),
    );
    expect(new Map(digests)).toEqual(new Map(saved.tensors.map(([name, , digest]) => [name, digest])));
  });

  test("is planned as it was saved: shards, headers and index, byte for byte", async () => {
    const { shards, index } = planShards(
      saved.tensors.map(([name, byteLength]) => ({ name, byteLength })),
      {
        maxShardBytes: saved.maxShardBytes,
        fileName: files,
        totalParameters: saved.totalParameters,
      },
    );
    expect(formatSafetensorsIndex(index)).toBe(indexBytes.toString());
    for (const { fileName, tensors } of shards) {
      const { metadata, tensors: entries, bytes } = await readShard(fileName);
      expect(new Set(entries.map(({ name }) => name))).toEqual(new Set(tensors));
      const { header, byteLength } = planSafetensors(entries, { metadata: metadata ?? new Map() });
      expect(header).toEqual(bytes.subarray(0, header.length));
      expect(byteLength).toBe(bytes.length);
    }
  });
});

describe("planShards", () => {
  test.each(recorded.splits)("groups $sizes by $maxShardBytes as huggingface_hub does", ({ maxShardBytes, sizes, shards, totalSize }) => {
    const plan = planShards(
      sizes.map((byteLength, index) => ({ name: `t${index}`, byteLength })),
      { maxShardBytes, fileName: shardFileName("model", ".safetensors") },
    );
    expect(plan.shards).toEqual(shards.map(([fileName, tensors]) => ({ fileName, tensors })));
    expect(plan.index.metadata).toEqual({ total_size: totalSize });
    expect(new Map(Object.entries(plan.index.weight_map))).toEqual(
      new Map(shards.flatMap(([fileName, tensors]) => tensors.map((name) => [name, fileName] as const))),
    );
  });

  test("no tensors, no shards", () => {
    expect(planShards([], { maxShardBytes: 10, fileName: shardFileName("model", ".bin") }).shards).toEqual([]);
  });

  test("refuses what cannot be told apart", () => {
    const two = [
      { name: "a", byteLength: 1 },
      { name: "b", byteLength: 1 },
    ];
    expect(failure(() => planShards(two, { maxShardBytes: 1, fileName: () => "same" }))).toMatchObject({
      code: "argument-invalid",
      fileName: "same",
    });
    expect(failure(() => planShards([...two, ...two], { maxShardBytes: 9, fileName: () => "same" }))).toMatchObject({
      code: "argument-invalid",
      tensor: "a",
    });
    expect(failure(() => planShards(two, { maxShardBytes: Number.NaN, fileName: () => "same" }))).toMatchObject({
      code: "argument-invalid",
    });
  });
});

describe("index text", () => {
  test("is what Python's json.dumps writes, whatever the names", () => {
    const weightMap = Object.create(null) as Record<string, string>;
    for (const [name, fileName] of recorded.weightMap) weightMap[name] = fileName;
    const index = { metadata: { total_size: 1, total_parameters: 2 }, weight_map: weightMap };
    expect(formatSafetensorsIndex(index)).toBe(recorded.indexText);
    expect(parseSafetensorsIndex(recorded.indexText).weightMap).toEqual(new Map(recorded.weightMap));
  });

  test("empty maps", () => {
    expect(formatSafetensorsIndex({ metadata: { total_size: 0 }, weight_map: {} })).toBe(
      '{\n  "metadata": {\n    "total_size": 0\n  },\n  "weight_map": {}\n}\n',
    );
  });

  test("comes back as it was, for any names", () => {
    const names = fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 8 });
    fc.assert(
      fc.property(names, (tensors) => {
        const { index } = planShards(
          tensors.map((name) => ({ name, byteLength: 3 })),
          { maxShardBytes: 7, fileName: shardFileName("pytorch_model", ".bin") },
        );
        const parsed = parseSafetensorsIndex(new TextEncoder().encode(formatSafetensorsIndex(index)));
        expect(parsed.weightMap).toEqual(new Map(tensors.map((name) => [name, index.weight_map[name]])));
        expect(parsed.metadata.get("total_size")).toBe(tensors.length * 3);
      }),
    );
  });
});

describe("parseSafetensorsIndex", () => {
  const withFile = (fileName: string): string => JSON.stringify({ weight_map: { w: fileName } });

  test.each(["model.safetensors", "a/b.bin", "..model", "model..bin", "a b", "%2e%2e", "模型.bin", "-rf", "a?b#c"])(
    "takes the file name %j",
    (fileName) => {
      expect(parseSafetensorsIndex(withFile(fileName)).weightMap.get("w")).toBe(fileName);
    },
  );

  test.each([
    "../model.bin",
    "../../etc/passwd",
    "a/../../b",
    "a/..",
    "..",
    ".",
    "./a",
    "a/./b",
    "/etc/passwd",
    "//host/share",
    "\\\\host\\share",
    "a\\..\\b",
    "C:\\model.bin",
    "C:model.bin",
    "https://example.org/model.bin",
    "file:model.bin",
    "model.bin:stream",
    "a//b",
    "a/",
    "",
    "a\u0000.bin",
    "a\nb",
    "a\u0085b",
    "n".repeat(1025),
  ])("refuses the file name %j", (fileName) => {
    expect(failure(() => parseSafetensorsIndex(withFile(fileName)))).toMatchObject({
      code: "file-name-unsafe",
      tensor: "w",
    });
  });

  test("tolerates missing metadata, and what it does not know", () => {
    for (const text of ['{"weight_map":{}}', '{"metadata":null,"weight_map":{}}', '{"metadata":{},"weight_map":{},"x":[{"y":1}]}']) {
      expect(parseSafetensorsIndex(text)).toMatchObject({ metadata: new Map(), weightMap: new Map() });
    }
    const { metadata } = parseSafetensorsIndex(
      '{"metadata":{"total_size":1.5e3,"format":"pt","nested":{"a":[]},"list":[1],"__proto__":true,"none":null},"weight_map":{}}',
    );
    expect([...metadata]).toEqual([
      ["total_size", 1500],
      ["format", "pt"],
      ["__proto__", true],
      ["none", null],
    ]);
  });

  test.each([
    ["", "index-malformed"],
    ["[]", "index-malformed"],
    ["{}", "index-malformed"],
    ['{"metadata":{}}', "index-malformed"],
    ['{"weight_map":null}', "index-malformed"],
    ['{"weight_map":{"a":1}}', "index-malformed"],
    ['{"weight_map":{"a":["b"]}}', "index-malformed"],
    ['{"weight_map":{}} {}', "index-malformed"],
    ['{"weight_map":{},"metadata":[]}', "index-malformed"],
    ['{"weight_map":{},"weight_map":{}}', "duplicate-key"],
    ['{"weight_map":{},"metadata":{},"metadata":{}}', "duplicate-key"],
    ['{"weight_map":{"a":"b","a":"c"}}', "duplicate-key"],
    ['{"weight_map":{"a":"b","\\u0061":"b"}}', "duplicate-key"],
    ['{"weight_map":{},"metadata":{"a":1,"a":1}}', "duplicate-key"],
    [`{"x":${"[".repeat(1_000_000)}`, "limit-exceeded"],
  ])("refuses %.60s", (text, code) => {
    expect(failure(() => parseSafetensorsIndex(text, { fileName: "i.json" }))).toMatchObject({
      code,
    });
  });

  test("limits", () => {
    const map = JSON.stringify({ weight_map: { a: "1", b: "2", c: "1" } });
    expect(parseSafetensorsIndex(map, { limits: { shards: 2 } }).weightMap.size).toBe(3);
    expect(failure(() => parseSafetensorsIndex(map, { limits: { shards: 1 } }))).toMatchObject({
      code: "limit-exceeded",
      tensor: "b",
    });
    expect(failure(() => parseSafetensorsIndex(map, { limits: { indexBytes: 10 } }))).toMatchObject({ code: "limit-exceeded" });
  });

  test("any text is read or refused with a SafetensorsError", () => {
    const text = indexBytes.toString().slice(0, 400) + '"}}';
    const outcome = (changed: string): unknown => {
      try {
        return parseSafetensorsIndex(changed).weightMap;
      } catch (error) {
        return error;
      }
    };
    fc.assert(
      fc.property(fc.nat({ max: text.length }), fc.nat({ max: 5 }), fc.string({ maxLength: 4 }), (at, removed, inserted) => {
        const found = outcome(text.slice(0, at) + inserted + text.slice(at + removed));
        expect(found instanceof Map || found instanceof SafetensorsError).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("checkShards", () => {
  const index = (entries: Readonly<Record<string, string>>) => ({
    weightMap: new Map(Object.entries(entries)),
  });
  const shards = (files: Readonly<Record<string, readonly string[]>>) =>
    new Map(Object.entries(files).map(([fileName, names]) => [fileName, { tensors: names.map((name) => ({ name })) }]));

  test("takes what agrees", () => {
    expect(() => checkShards(index({ a: "1", b: "2", c: "1" }), shards({ "1": ["c", "a"], "2": ["b"] }))).not.toThrow();
    expect(() => checkShards(index({}), shards({}))).not.toThrow();
  });

  test.each([
    ["a missing shard", { a: "1", b: "2" }, { "1": ["a"] }, { tensor: "b", fileName: "2" }, /missing/],
    [
      "a tensor in the wrong shard",
      { a: "1", b: "2" },
      { "1": ["b"], "2": ["a"] },
      { tensor: "b", fileName: "1" },
      /is in "1", but the index puts it into "2"/,
    ],
    ["a tensor the index does not name", { a: "1" }, { "1": ["a", "b"] }, { tensor: "b", fileName: "1" }, /does not name/],
    ["a tensor that is nowhere", { a: "1", b: "1" }, { "1": ["a"] }, { tensor: "b", fileName: "1" }, /does not have it/],
    [
      "a tensor in two shards",
      { a: "1", b: "2" },
      { "1": ["a"], "2": ["b", "a"] },
      { tensor: "a", fileName: "2" },
      /both in "1" and in "2"/,
    ],
  ])("refuses %s", (_name, entries, files, fields, message) => {
    const error = failure(() => checkShards(index(entries), shards(files)));
    expect(error).toMatchObject({ code: "shard-mismatch", ...fields });
    expect(error.message).toMatch(message);
  });
});
