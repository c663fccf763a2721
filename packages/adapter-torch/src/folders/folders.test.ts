import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Checkpoint, createConverter, type FileSet, type LongspanError, memoryFileSet } from "@longspan/core";
import { describe, expect, test } from "vitest";
import { fixturesFolder } from "../../test/fixture.ts";
import { torch } from "../torch.ts";

const converter = createConverter({ adapters: [torch()] });
const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(fixturesFolder, "huggingface/model", path)));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const model = { "config.json": read("config.json"), "model.safetensors": read("model.safetensors") };

/** A folder with models in it, at these paths. */
function folderOf(paths: readonly string[], more: Readonly<Record<string, string>> = {}): FileSet {
  const files = paths.flatMap((path) => Object.entries(model).map(([name, bytes]): [string, Uint8Array] => [`${path}/${name}`, bytes]));
  return memoryFileSet(
    "root",
    new Map([...files, ...Object.entries(more).map(([name, value]): [string, Uint8Array] => [name, text(value)])]),
  );
}

async function opened(files: FileSet): Promise<Checkpoint> {
  const checkpoint = await converter.open({ files });
  await checkpoint.close();
  return checkpoint;
}

async function refused(files: FileSet): Promise<LongspanError> {
  return converter.open({ files }).then(
    () => {
      throw new Error("it was opened");
    },
    (error: LongspanError) => error,
  );
}

describe("Hugging Face's cache", () => {
  test("opens what refs/main names, and says so", async () => {
    const files = folderOf(["snapshots/aaa", "snapshots/bbb"], { "refs/main": "bbb\n", "blobs/x": "" });
    const checkpoint = await opened(files);
    expect(checkpoint).toMatchObject({ name: "root/snapshots/bbb/model.safetensors", head: "model", problem: undefined });
    expect(checkpoint.warnings.join()).toMatch(/root\/snapshots\/bbb is read \(refs\/main names it\)/);
  });

  test("opens the only snapshot where nothing names one", async () => {
    expect((await opened(folderOf(["snapshots/aaa"], { "refs/pr": "" }))).warnings.join()).toMatch(/it is the only snapshot/);
  });

  test("names them where there are several and main is none of them", async () => {
    for (const more of [{ "blobs/x": "" }, { "refs/main": "ccc" }, { "refs/main": "../../etc" }]) {
      const error = await refused(folderOf(["snapshots/aaa", "snapshots/bbb"], more));
      expect(error.code).toBe("ambiguous-format");
      expect(error.message).toMatch(/2 snapshots.*root\/snapshots\/aaa, root\/snapshots\/bbb/);
    }
  });

  test("without a snapshot it says that nothing is there", async () => {
    expect((await refused(folderOf([], { "refs/main": "aaa", "snapshots/aaa/sub/x": "", "snapshots/y": "" }))).code).toBe("not-found");
    expect((await refused(folderOf([], { "refs/main": "aaa", "snapshots/y": "" }))).message).toMatch(/without a snapshot/);
  });

  test("of a sentence-transformers model, through both", async () => {
    const modules = JSON.stringify([{ path: "0_Transformer", type: "sentence_transformers.models.Transformer" }]);
    const files = folderOf(["snapshots/aaa/0_Transformer"], { "refs/main": "aaa", "snapshots/aaa/modules.json": modules });
    expect((await opened(files)).name).toBe("root/snapshots/aaa/0_Transformer/model.safetensors");
  });
});

describe("a run of the Trainer", () => {
  test("names its checkpoints, the newest first, and takes none by itself", async () => {
    const error = await refused(folderOf(["checkpoint-500", "checkpoint-1000", "checkpoint-90"], { "runs/x": "" }));
    expect(error.code).toBe("ambiguous-format");
    expect(error.message).toMatch(/checkpoint-1000, checkpoint-500, checkpoint-90\. None is taken.*the newest is root\/checkpoint-1000\./);
    expect(error.details).toEqual({
      folder: "root",
      candidates: ["checkpoint-1000", "checkpoint-500", "checkpoint-90"],
      newest: "root/checkpoint-1000",
    });
  });

  test("with one checkpoint: that, with a note", async () => {
    const checkpoint = await opened(folderOf(["checkpoint-500"]));
    expect(checkpoint.name).toBe("root/checkpoint-500/model.safetensors");
    expect(checkpoint.warnings.join()).toMatch(/its only checkpoint, checkpoint-500, is read/);
  });

  test("with a model at its root: that", async () => {
    const files = new Map([...Object.entries(model), ["checkpoint-5/model.safetensors", model["model.safetensors"]] as const]);
    expect((await opened(memoryFileSet("root", files))).name).toBe("root/model.safetensors");
  });
});

describe("a PEFT adapter", () => {
  test("beside a whole model is told of", async () => {
    const files = new Map([...Object.entries(model), ["adapter_model.safetensors", model["model.safetensors"]] as const]);
    expect((await opened(memoryFileSet("root", files))).warnings.join()).toMatch(/also holds a PEFT adapter, adapter_model.safetensors/);
  });
});
