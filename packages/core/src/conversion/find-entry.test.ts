import { describe, expect, test } from "vitest";
import type { FolderKind } from "../adapter/folder-kind.ts";
import type { FormatAdapter } from "../adapter/format-adapter.ts";
import { memoryFileSet } from "../bytes/memory-file-set.ts";
import { findEntry } from "./find-entry.ts";

const bytes = new Uint8Array(1);

/** A run's folder names in `latest` the folder inside that holds the shards. */
const run: FolderKind = {
  name: "run",
  async find(files, fileName) {
    const folder = fileName === undefined ? await files.folder?.("shards") : undefined;
    return folder === undefined ? undefined : { files: folder, fileName: "shard-0", sidecarFiles: files, warnings: ["of a run"] };
  },
  beside: async (files) => ((await files.folder?.("shards")) === undefined ? undefined : "also a run"),
};
const nested: FolderKind = {
  name: "nested",
  async find(files) {
    const folder = await files.folder?.("inner");
    return folder === undefined ? undefined : { files: folder, warnings: ["inside"] };
  },
};
const adapter: FormatAdapter = {
  specificationVersion: 1,
  name: "test",
  containers: [{ name: "c", entryNames: ["model"], detect: () => undefined, open: () => Promise.reject(new Error("not opened")) }],
  envelopes: [],
  folderKinds: [run, nested],
  layouts: [],
  targets: [],
};

test("a kind of folder says where the checkpoint lies, and where its configuration", async () => {
  const files = memoryFileSet("here", { "shards/shard-0": bytes, "config.json": bytes });
  const entry = await findEntry({ files }, [adapter]);
  expect([entry.fileName, entry.files.name, entry.sidecarFiles.name, entry.warnings]).toEqual([
    "shard-0",
    "here/shards",
    "here",
    ["of a run"],
  ]);
});

test("a weights file of a well-known name goes before it, and the kind may note itself", async () => {
  const files = memoryFileSet("here", { "shards/shard-0": bytes, model: bytes });
  const entry = await findEntry({ files }, [adapter]);
  expect([entry.fileName, entry.sidecarFiles.name, entry.warnings]).toEqual(["model", "here", ["also a run"]]);
});

test("a folder in a folder is looked into like any other, but not without end", async () => {
  const files = memoryFileSet("here", { "inner/inner/shards/shard-0": bytes });
  const entry = await findEntry({ files }, [adapter]);
  expect([entry.files.name, entry.sidecarFiles.name, entry.warnings]).toEqual([
    "here/inner/inner/shards",
    "here/inner/inner",
    ["inside", "inside", "of a run"],
  ]);
  const deep = memoryFileSet("here", { [`${"inner/".repeat(9)}x`]: bytes });
  await expect(findEntry({ files: deep }, [adapter])).rejects.toMatchObject({ code: "limit-exceeded" });
});

test("a named file that no kind knows is that file", async () => {
  const files = memoryFileSet("here", { "shards/shard-0": bytes, other: bytes });
  const entry = await findEntry({ files, fileName: "other" }, [adapter]);
  expect([entry.fileName, entry.sidecarFiles.name]).toEqual(["other", "here"]);
  await expect(findEntry({ files, fileName: "none" }, [adapter])).rejects.toMatchObject({ code: "not-found" });
});

describe("files of two frameworks in one folder", () => {
  const containerOf = (name: string, besides?: readonly string[]): FormatAdapter => ({
    ...adapter,
    name,
    folderKinds: [],
    containers: [
      {
        name,
        entryNames: [`${name}.weights`],
        besides,
        detect: () => undefined,
        open: async () => Promise.reject(new Error("is not opened")),
      },
    ],
  });
  const files = memoryFileSet("here", { "one.weights": bytes, "two.weights": bytes });

  test("are ambiguous", async () => {
    await expect(findEntry({ files }, [containerOf("one"), containerOf("two")])).rejects.toMatchObject({ code: "ambiguous-format" });
  });

  test("are one model where a container says so: the first is read, the other is noted", async () => {
    const entry = await findEntry({ files }, [containerOf("one"), containerOf("two", ["one.weights", "nobodys.weights"])]);
    expect([entry.fileName, entry.warnings]).toEqual(["one.weights", ["here also holds two.weights; one.weights is read."]]);
  });
});
