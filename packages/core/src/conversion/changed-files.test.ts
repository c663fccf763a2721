import {
  appendFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rawAdapter, rawModel } from "../../test/raw-adapter.ts";
import { plainLayout, sample, sampleConfig, turnedLayout } from "../../test/sample-model.ts";
import type { FileSet } from "../bytes/file-set.ts";
import { memoryDirectorySink } from "../bytes/memory-directory-sink.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { checkpointModel } from "../runtime/checkpoint-model.ts";
import { createLongformerSpec } from "../longformer/spec.ts";
import { directoryFileSet } from "../node/directory-file-set.ts";
import { directorySink } from "../node/directory-sink.ts";
import { compileLayout } from "../rules/compile-layout.ts";
import { compareForward } from "../runtime/compare-forward.ts";
import { referenceRuntime } from "../runtime/reference-runtime.ts";
import { createConverter } from "./create-converter.ts";

const converter = createConverter({ adapters: [rawAdapter([plainLayout, turnedLayout])] });
const spec = createLongformerSpec(sample(), "question-answering");
const model = rawModel(compileLayout(plainLayout, spec).parameters);
const config = JSON.stringify({ ...sampleConfig, architectures: ["LongformerForQuestionAnswering"] });
const vocabulary = JSON.stringify({ the: 0, lamp: 1 });

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
const weights = (): string => at("model", "model.raw");

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "longspan-test-")));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function freshModel(): Promise<void> {
  for (const name of ["model", "out", "elsewhere"]) await rm(at(name), { recursive: true, force: true });
  await mkdir(at("model"));
  await writeFile(weights(), model);
  await writeFile(at("model", "config.json"), config);
  await writeFile(at("model", "vocab.json"), vocabulary);
}

/** Every value is another; the header stays, so that nothing but the values tells. */
const otherModel = Uint8Array.from(model, (byte, index) => (index > model.length - 1000 ? byte ^ 0x40 : byte));

async function writeInPlace(path: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(path, "r+");
  await handle.write(typeof bytes === "string" ? Buffer.from(bytes) : bytes, 0, undefined, 0);
  await handle.close();
}

const changesOfWeights: Readonly<Record<string, () => Promise<void>>> = {
  "written in place, of the same size": () => writeInPlace(weights(), otherModel),
  "written in place, with its time set back": async () => {
    const { atime, mtime } = await stat(weights());
    await writeInPlace(weights(), otherModel);
    await utimes(weights(), atime, mtime);
  },
  "replaced by a rename": async () => {
    await writeFile(at("model", "new"), otherModel);
    await rename(at("model", "new"), weights());
  },
  "cut and written anew": () => writeFile(weights(), otherModel),
  "cut to the half": () => truncate(weights(), Math.floor(model.length / 2)),
  "cut to nothing": () => truncate(weights(), 0),
  grown: () => appendFile(weights(), "more"),
  touched: () => utimes(weights(), new Date(), new Date()),
  removed: () => rm(weights()),
  "moved away with its folder": () => rename(at("model"), at("elsewhere")),
};

/** Files that are changed after so many openings and readings. */
function meddled(after: number, change: () => Promise<void>): { readonly files: FileSet; readonly steps: () => number } {
  const inner = directoryFileSet(at("model"));
  let steps = 0;
  const step = async <Result>(result: Result): Promise<Result> => {
    if (steps++ === after) await change();
    return result;
  };
  const files: FileSet = {
    ...inner,
    async resolve(fileName, options) {
      const source = await inner.resolve(fileName, options);
      if (source === undefined) return step(undefined);
      return step({ ...source, read: async (...given: Parameters<typeof source.read>) => step(await source.read(...given)) });
    },
  };
  return { files, steps: () => steps };
}

async function convert(files: FileSet): Promise<void> {
  const checkpoint = await converter.open({ files });
  try {
    const sink = await directorySink(at("out"));
    await converter.convert(converter.plan(checkpoint, { target: "turned" }), { sink });
  } finally {
    await checkpoint.close();
  }
}

/** The error's code; undefined when all went well. */
async function outcome(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (LongspanError.isInstance(error)) return error.code;
    throw error;
  }
}

const names = async (): Promise<string[]> => (await readdir(folder)).filter((name) => name !== "model" && name !== "elsewhere");

describe("a file that is changed while it is converted", () => {
  test.each(Object.entries(changesOfWeights))("%s: refused at every moment, and nothing is left", async (_, change) => {
    await freshModel();
    const undisturbed = meddled(-1, change);
    await convert(undisturbed.files);
    const moments = undisturbed.steps();
    expect(moments).toBeGreaterThan(30);
    // Every moment up to the opening, then some of the many reads, and the last.
    const chosen = Array.from({ length: moments }, (__, moment) => moment).filter((moment) => moment % 7 === 1 || moment === moments - 1);
    for (const moment of chosen) {
      await freshModel();
      const before = await names();
      expect(`${moment}: ${await outcome(convert(meddled(moment, change).files))}`).toBe(`${moment}: source-changed`);
      expect(await names()).toEqual(before);
    }
  });

  test.each([
    ["config.json", JSON.stringify({ ...JSON.parse(config), layer_norm_eps: 1e-7 })],
    ["vocab.json", JSON.stringify({ the: 1, lamp: 0 })],
  ])("%s is of one version with what was read before, or all is refused", async (fileName, other) => {
    await freshModel();
    const undisturbed = meddled(-1, async () => {});
    await convert(undisturbed.files);
    let refused = 0;
    for (let moment = 0; moment < undisturbed.steps(); moment += 3) {
      await freshModel();
      const code = await outcome(convert(meddled(moment, () => writeFile(at("model", fileName), other)).files));
      if (code === undefined) {
        // It was read after it had been written.
        expect(JSON.parse(await readFile(at("out", "config.json"), "utf8"))).toMatchObject(
          fileName === "config.json" ? { layer_norm_eps: 1e-7 } : {},
        );
      } else {
        expect(code).toBe("source-changed");
        expect(await names()).toEqual([]);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(2);
  });

  test("a file that comes into being where none was found", async () => {
    await freshModel();
    const checkpoint = await converter.open({ files: directoryFileSet(at("model")) });
    expect(await checkpoint.files.resolve("merges.txt")).toBeUndefined();
    await checkpoint.checkUnchanged();
    await writeFile(at("model", "merges.txt"), "t h");
    await expect(checkpoint.checkUnchanged()).rejects.toMatchObject({
      code: "source-changed",
      message: expect.stringContaining("merges.txt was not there at first"),
    });
    await checkpoint.close();
  });

  test("the tokenizer's own folder counts", async () => {
    await freshModel();
    await mkdir(at("tokenizer"));
    await writeFile(at("tokenizer", "vocab.txt"), "the");
    const checkpoint = await converter.open({ files: directoryFileSet(at("model")) });
    const sink = memoryDirectorySink("out");
    const plan = converter.plan(checkpoint, { target: "turned" });
    const converting = converter.convert(
      { ...plan, target: { ...plan.target, write: () => appendFile(at("tokenizer", "vocab.txt"), "lamp") } },
      { sink, tokenizer: directoryFileSet(at("tokenizer")) },
    );
    expect(await outcome(converting)).toBe("source-changed");
    expect(sink.files.size).toBe(0);
    await checkpoint.close();
  });

  test("damage that comes of the change is not blamed on the file", async () => {
    await freshModel();
    const { files } = meddled(1, () => writeInPlace(weights(), "RAW X"));
    const error: unknown = await converter.open({ files }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "source-changed", cause: expect.anything() });
    // Real damage is damage.
    await freshModel();
    await writeInPlace(weights(), "RAW X");
    await expect(converter.open({ files: directoryFileSet(at("model")) })).rejects.not.toMatchObject({ code: "source-changed" });
  });
});

describe("and what else reads a checkpoint", () => {
  const opened = async (): Promise<Checkpoint> => {
    await freshModel();
    return converter.open({ files: directoryFileSet(at("model")) });
  };

  test.each(Object.entries(changesOfWeights))("%s: comparing, preparing, comparing outputs", async (_, change) => {
    const uses: readonly ((checkpoint: Checkpoint) => Promise<unknown>)[] = [
      (checkpoint) => converter.verify(checkpoint, checkpoint),
      (checkpoint) => {
        const { graph, weights: read } = checkpointModel(checkpoint);
        return referenceRuntime().prepare(graph, read);
      },
      (checkpoint) => compareForward(checkpoint, checkpoint, { runtime: referenceRuntime() }),
    ];
    for (const use of uses) {
      const checkpoint = await opened();
      expect(await outcome(use(checkpoint))).toBe(undefined);
      await change();
      expect(await outcome(use(checkpoint))).toBe("source-changed");
      await checkpoint.close();
    }
  });

  test("what is prepared may be used on", async () => {
    const checkpoint = await opened();
    const { graph, weights: read } = checkpointModel(checkpoint);
    const session = await referenceRuntime().prepare(graph, read);
    await checkpoint.close();
    await rm(at("model"), { recursive: true });
    await session.dispose();
  });
});
