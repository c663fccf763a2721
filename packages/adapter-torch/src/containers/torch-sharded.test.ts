import { type FileSet, memoryFileSet } from "@longspan/core";
import { bytesSource, type Container, isTensor, isTreeMap, type OpenedContainer } from "@longspan/core/adapter";
import { safetensorsContainer, safetensorsShardedContainer } from "@longspan/container-safetensors";
import { dict } from "@longspan/pickle";
import { describe, expect, test } from "vitest";
import { buildTorchZip, floats, tensor } from "../../test/build-torch-file.ts";
import { torchShardedContainer } from "./torch-sharded.ts";

const utf8 = new TextEncoder();

function torchOf(...names: readonly string[]): Uint8Array {
  return buildTorchZip(dict(names.map((name) => [name, tensor()])), { storages: { "0": floats(1, 2, 3, 4, 5, 6) } });
}

function indexOf(weightMap: Readonly<Record<string, string>>): Uint8Array {
  return utf8.encode(JSON.stringify({ metadata: { total_size: 8 }, weight_map: weightMap }));
}

function open(container: Container, index: Uint8Array, files: FileSet): Promise<OpenedContainer> {
  return container.open({ source: bytesSource(index, "index.json"), fileName: "index.json", files });
}

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
