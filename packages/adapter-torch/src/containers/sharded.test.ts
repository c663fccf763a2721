import { bytesSource, isTensor, isTreeMap, memoryFileSet } from "@longspan/core";
import type { Container, ErrorCode, FileSet, OpenedContainer } from "@longspan/core";
import { dict } from "@longspan/pickle";
import { planSafetensors } from "@longspan/safetensors";
import { describe, expect, test } from "vitest";
import { buildTorchZip, floats, tensor } from "../../test/build-torch-file.ts";
import { concatenate } from "../../test/build-zip.ts";
import { safetensorsShardedContainer } from "./safetensors-sharded.ts";
import { safetensorsContainer } from "./safetensors.ts";
import { torchShardedContainer } from "./torch-sharded.ts";

const utf8 = new TextEncoder();

function safetensorsOf(...names: readonly string[]): Uint8Array {
  const plan = planSafetensors(
    names.map((name) => ({ name, dataType: "F32" as const, shape: [1] })),
    { metadata: { format: "pt" } },
  );
  return concatenate(plan.header, floats(...names.map((_, index) => index + 1)));
}

function torchOf(...names: readonly string[]): Uint8Array {
  return buildTorchZip(dict(names.map((name) => [name, tensor()])), { storages: { "0": floats(1, 2, 3, 4, 5, 6) } });
}

function indexOf(weightMap: Readonly<Record<string, string>>): Uint8Array {
  return utf8.encode(JSON.stringify({ metadata: { total_size: 8 }, weight_map: weightMap }));
}

/** A set of files that counts how many of them are open. */
function countedFiles(files: Readonly<Record<string, Uint8Array>>): { files: FileSet; open: () => number } {
  const inner = memoryFileSet("folder", files);
  let open = 0;
  const resolve: FileSet["resolve"] = async (fileName) => {
    const source = await inner.resolve(fileName);
    if (source === undefined) return undefined;
    open++;
    return {
      ...source,
      close: async () => {
        open--;
      },
    };
  };
  return { files: { name: "folder", resolve }, open: () => open };
}

function open(container: Container, index: Uint8Array, files: FileSet): Promise<OpenedContainer> {
  return container.open({ source: bytesSource(index, "index.json"), fileName: "index.json", files });
}

const good = {
  index: indexOf({ a: "1.safetensors", b: "2.safetensors", c: "1.safetensors" }),
  files: { "1.safetensors": safetensorsOf("a", "c"), "2.safetensors": safetensorsOf("b") },
};

describe("shards of safetensors", () => {
  test("are one tree; closing it closes them", async () => {
    const { files, open: opened } = countedFiles(good.files);
    const container = await open(safetensorsShardedContainer(), good.index, files);
    expect(opened()).toBe(2);
    expect(isTreeMap(container.root) ? container.root.entries.map(([key]) => key) : []).toEqual(["a", "c", "b"]);
    expect(container.attributes).toEqual(
      new Map([
        ["format", "pt"],
        ["total_size", "8"],
      ]),
    );
    await container.close();
    expect(opened()).toBe(0);
  });

  test.each<readonly [string, ErrorCode, RegExp, Uint8Array, Readonly<Record<string, Uint8Array>>]>([
    ["a shard is missing", "not-found", /2\.safetensors.*not in folder/, good.index, { "1.safetensors": good.files["1.safetensors"] }],
    [
      "a shard is something else",
      "malformed",
      /no safetensors file/,
      good.index,
      { ...good.files, "2.safetensors": utf8.encode("<html>") },
    ],
    [
      "a shard is cut off",
      "truncated",
      /2\.safetensors/,
      good.index,
      { ...good.files, "2.safetensors": good.files["2.safetensors"].slice(0, 20) },
    ],
    [
      "a tensor lies elsewhere",
      "malformed",
      /is in "1\.safetensors", but the index puts it into/,
      indexOf({ a: "2.safetensors", b: "2.safetensors", c: "1.safetensors" }),
      good.files,
    ],
    [
      "a tensor is nowhere",
      "malformed",
      /which does not have it/,
      indexOf({ a: "1.safetensors", b: "2.safetensors", c: "1.safetensors", d: "2.safetensors" }),
      good.files,
    ],
    ["a tensor is not in the index", "malformed", /does not name/, indexOf({ a: "1.safetensors", b: "2.safetensors" }), good.files],
    ["a tensor is in two", "malformed", /both in/, good.index, { ...good.files, "2.safetensors": safetensorsOf("a", "b") }],
    ["a path goes up", "malformed", /empty segment|only files below/, indexOf({ a: "../../etc/passwd.safetensors" }), good.files],
    ["a path is a URL", "malformed", /colon/, indexOf({ a: "https://example.org/1.safetensors" }), good.files],
    ["a path goes down", "not-found", /not in folder/, indexOf({ a: "parts/1.safetensors" }), good.files],
    ["a name stands twice", "malformed", /twice/, utf8.encode('{"weight_map": {"a": "1.safetensors", "a": "2.safetensors"}}'), good.files],
    ["a file is no text", "malformed", /index\.json/, utf8.encode('{"weight_map": {"a": 5, "b": "1.safetensors"}}'), good.files],
    ["it is no JSON", "malformed", /index\.json/, utf8.encode('{"weight_map": {"a": "1.safetensors"'), good.files],
    ["it has no weight_map", "malformed", /weight_map/, utf8.encode("{}"), good.files],
  ])("%s: refused, and nothing stays open", async (_name, code, message, index, given) => {
    const { files, open: opened } = countedFiles(given);
    await expect(open(safetensorsShardedContainer(), index, files)).rejects.toMatchObject({
      name: "LongspanError",
      code,
      message: expect.stringMatching(message),
    });
    expect(opened()).toBe(0);
  });
});

describe("shards of torch", () => {
  test("are one tree", async () => {
    const files = memoryFileSet("folder", { "1.bin": torchOf("a"), "2.bin": torchOf("b", "c") });
    const { root } = await open(torchShardedContainer(), indexOf({ a: "1.bin", b: "2.bin", c: "2.bin" }), files);
    expect(isTreeMap(root) ? root.entries.map(([key, value]) => [key, isTensor(value)]) : []).toEqual([
      ["a", true],
      ["b", true],
      ["c", true],
    ]);
  });

  test("a shard that is no dict is refused", async () => {
    const files = memoryFileSet("folder", { "1.bin": buildTorchZip(5) });
    await expect(open(torchShardedContainer(), indexOf({ a: "1.bin" }), files)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("no dict of tensors"),
    });
  });
});

describe("who claims an index", () => {
  const claims = async (text: string): Promise<boolean[]> => {
    const bytes = utf8.encode(text);
    const probe = { source: bytesSource(bytes), head: bytes.subarray(0, 4096) };
    return Promise.all(
      [safetensorsShardedContainer(), torchShardedContainer(), safetensorsContainer()].map(
        async (container) => (await container.detect(probe)) !== undefined,
      ),
    );
  };
  test.each<readonly [string, readonly boolean[], string]>([
    ["safetensors", [true, false, false], '{"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}'],
    ["torch", [false, true, false], '{"weight_map": {"a": "pytorch_model-00001-of-00002.bin"}}'],
    ["Paddle's", [false, false, false], '{"weight_map": {"a": "model_state-00001-of-00002.pdparams"}}'],
    ["a configuration", [false, false, false], '{"model_type": "longformer"}'],
    [
      "a long one, whose map begins late",
      [true, false, false],
      `{"metadata": {"note": "${"x".repeat(5000)}"}, "weight_map": {"a": "1.safetensors"}}`,
    ],
  ])("%s", async (_name, expected, text) => {
    expect(await claims(text)).toEqual(expected);
  });
});
