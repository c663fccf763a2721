import { type ErrorCode, type FileSet, memoryFileSet } from "@longspan/core";
import { bytesSource, type Container, isTreeMap, type OpenedContainer, treeMap, type TreeValue } from "@longspan/core/adapter";
import { describe, expect, test } from "vitest";
import { safetensorsOf } from "../test/build-safetensors.ts";
import { safetensorsContainer } from "./safetensors-container.ts";
import { safetensorsShardedContainer } from "./safetensors-sharded-container.ts";
import { shardedContainer } from "./sharded-container.ts";

const utf8 = new TextEncoder();

function indexOf(weightMap: Readonly<Record<string, string>>, metadata: Readonly<Record<string, unknown>> = { total_size: 8 }): Uint8Array {
  return utf8.encode(JSON.stringify({ metadata, weight_map: weightMap }));
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
  files: { "1.safetensors": safetensorsOf(["a", "c"]), "2.safetensors": safetensorsOf(["b"]) },
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
    ["a tensor is in two", "malformed", /both in/, good.index, { ...good.files, "2.safetensors": safetensorsOf(["a", "b"]) }],
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

describe("attributes", () => {
  const attributesOf = async (formats: readonly string[], metadata: Readonly<Record<string, unknown>>): Promise<object> => {
    const names = formats.map((_, index) => `${index}.safetensors`);
    const files = Object.fromEntries(names.map((name, index) => [name, safetensorsOf([`t${index}`], formats[index])]));
    const index = indexOf(Object.fromEntries(names.map((name, place) => [`t${place}`, name])), metadata);
    const { attributes } = await open(safetensorsShardedContainer(), index, memoryFileSet("folder", files));
    return Object.fromEntries(attributes);
  };

  test("are the first shard's, then the other shards', then the index's", async () => {
    expect(await attributesOf(["np", "pt"], { format: "tf", total_size: 8, total_parameters: 2 })).toEqual({
      format: "np",
      total_size: "8",
      total_parameters: "2",
    });
  });
});

describe("shards of any container", () => {
  /** Files of one line: a tree under each name, and a warning. */
  const lines = (trees: Readonly<Record<string, TreeValue>>, warning = "odd"): Container => ({
    name: "line",
    entryNames: [],
    detect: ({ head }) => (head[0] === 0x23 ? { specificity: 50, evidence: "#" } : undefined),
    open: async ({ fileName }) => ({
      root: trees[fileName] ?? null,
      attributes: new Map(),
      warnings: [warning],
      close: async () => {},
    }),
  });
  const sharded = (trees: Readonly<Record<string, TreeValue>>, warning?: string): Container =>
    shardedContainer({
      name: "line-sharded",
      entryName: "lines.index.json",
      extensions: [".line"],
      shardContainers: [lines(trees, warning)],
      tables: ["names"],
    });
  const files = memoryFileSet("folder", { "1.line": utf8.encode("#"), "2.line": utf8.encode("#") });
  const index = indexOf({ a: "1.line", b: "2.line" });
  const trees = (names: TreeValue): Readonly<Record<string, TreeValue>> => ({
    "1.line": treeMap([
      ["names", treeMap([["a", "a_0"]])],
      ["a", 1],
    ]),
    "2.line": treeMap([
      ["b", 2],
      ["names", names],
    ]),
  });

  test("have their tables merged, which the index does not name", async () => {
    const { root } = await open(sharded(trees(treeMap([["b", "b_0"]]))), index, files);
    expect(root).toMatchObject({
      entries: [
        ["a", 1],
        ["b", 2],
        [
          "names",
          {
            entries: [
              ["a", "a_0"],
              ["b", "b_0"],
            ],
          },
        ],
      ],
    });
  });

  test("a table that is none is refused", async () => {
    await expect(open(sharded(trees(5)), index, files)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining('"names"'),
    });
  });

  test("a shard that is no dict is refused", async () => {
    await expect(open(sharded({ "1.line": 5 }), indexOf({ a: "1.line" }), files)).rejects.toMatchObject({
      code: "malformed",
      message: expect.stringContaining("no dict of tensors"),
    });
  });

  test("name themselves in their warnings, once", async () => {
    const warningsOf = async (warning: string): Promise<readonly string[]> =>
      (await open(sharded(trees(treeMap([])), warning), index, files)).warnings;
    expect(await warningsOf("odd")).toEqual(["1.line: odd", "2.line: odd"]);
    expect(await warningsOf("folder/1.line is odd")).toEqual(["folder/1.line is odd", "2.line: folder/1.line is odd"]);
  });
});

describe("who claims an index", () => {
  const torch = shardedContainer({ name: "torch", entryName: "t", extensions: [".bin", ".pt"], shardContainers: [] });
  const claims = async (text: string): Promise<boolean[]> => {
    const bytes = utf8.encode(text);
    const probe = { source: bytesSource(bytes), head: bytes.subarray(0, 4096) };
    return Promise.all(
      [safetensorsShardedContainer(), torch, safetensorsContainer()].map(
        async (container) => (await container.detect(probe)) !== undefined,
      ),
    );
  };
  test.each<readonly [string, readonly boolean[], string]>([
    ["of safetensors", [true, false, false], '{"weight_map": {"a": "1.safetensors", "b": "2.bin"}}'],
    ["of another format's files", [false, true, false], '\n{ "weight_map" : { "a.safetensors" : "1.pt" } }'],
    ["with a name in escapes", [true, false, false], '{"weight_map": {"a \\" \\u00e9": "mod\\u00e8le.safetensors"}}'],
    ["with values that are no names: opening it says so", [true, false, false], '{"weight_map": {"a": 5, "b":null,"c": "1.safetensors"}}'],
    ["that is cut off: opening it says so", [true, false, false], '{"weight_map": {"a": "1.safetensors", "b'],
    ["after long metadata", [true, false, false], `{"metadata": {"a": "${"x".repeat(5000)}"}, "weight_map": {"a": "1.safetensors"}}`],
    ["after long white space", [true, false, false], `{${" ".repeat(5000)}"weight_map": {"a": "1.safetensors"}}`],
    ["without files", [false, false, false], '{"weight_map": {}}'],
    ["whose map is none", [false, false, false], '{"weight_map": "1.safetensors"}'],
    ["that only speaks of one", [false, false, false], '{"note": "\\"weight_map\\": {\\"a\\": \\"1.safetensors\\"}"}'],
    ["with a name of megabytes", [false, false, false], `{"weight_map": {"${"x".repeat(20_000_000)}": 5}}`],
  ])("%s", async (_name, expected, text) => {
    expect(await claims(text)).toEqual(expected);
  });

  test("a source that cannot be read is not taken for something else", async () => {
    const head = utf8.encode('{"weight_map": {');
    const source = { ...bytesSource(head), read: () => Promise.reject(new Error("unplugged")) };
    await expect((async () => safetensorsShardedContainer().detect({ source, head }))()).rejects.toThrow("unplugged");
  });

  test("a binary file that begins with a brace is not read", async () => {
    const head = Uint8Array.of(0x7b, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22);
    const source = { ...bytesSource(head), read: () => Promise.reject(new Error("read")) };
    expect(await safetensorsShardedContainer().detect({ source, head })).toBeUndefined();
  });
});
