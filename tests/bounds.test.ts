// Files that are small and stand for a lot, from opening to every target.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lightning } from "@longspan/adapter-lightning";
import { paddle } from "@longspan/adapter-paddle";
import { torch } from "@longspan/adapter-torch";
import { type Checkpoint, createConverter, memoryDirectorySink, memoryFileSet } from "@longspan/core";
import { isJsonObject, memoryBudget, parseJson, parseLayoutFile } from "@longspan/core/adapter";
import { onnx } from "@longspan/runtime-ort/onnx";
import { describe, expect, test } from "vitest";
import {
  layoutChoices,
  layoutRules,
  lightningCheckpoint,
  otherFiles,
  paddlePickle,
  pickles,
  torchLegacy,
  torchZip,
} from "./large-files.ts";

const folder = fileURLToPath(new URL("../fixtures", import.meta.url));
const converter = createConverter({ adapters: [torch(), paddle(), lightning(), onnx()] });
// A folder for transformers.js needs a tokenizer, too: its weights are those of the target onnx.
const targets = converter.targets.map(({ name }) => name).filter((name) => name !== "torch-legacy" && name !== "transformers.js");
const config = JSON.parse(readFileSync(`${folder}/torch/heads/question-answering/config.json`, "utf8")) as Record<string, unknown>;

function read(path: string): Uint8Array {
  return new Uint8Array(readFileSync(`${folder}/${path}`));
}

async function openBounds(fileName: string, changes: Record<string, unknown> = {}): Promise<Checkpoint> {
  const files = memoryFileSet("bounds", { [fileName]: read(`bounds/${fileName}`) });
  return converter.open({ files, fileName }, { config: { ...config, ...changes } });
}

describe("a parameter that repeats a few bytes is refused by its shape, for every target", () => {
  test.each([
    ["expanded-bias.bin", "qa_outputs.bias", {}],
    ["expanded-words.bin", "longformer.embeddings.word_embeddings.weight", { vocab_size: 2e9 }],
    ["expanded-positions.bin", "longformer.embeddings.position_embeddings.weight", { max_position_embeddings: 2e9 }],
  ])("%s", async (fileName, name, changes) => {
    const checkpoint = await openBounds(fileName, changes);
    expect(checkpoint.problem).toBeUndefined();
    const refusal = { code: "tensor-invalid", message: expect.stringContaining(`"${name}" is float32 [`) };
    for (const target of targets) expect(() => converter.plan(checkpoint, { target })).toThrowError(expect.objectContaining(refusal));
    expect(() => checkpoint.weights()).toThrowError(expect.objectContaining(refusal));
    const other = await openBounds("escapes.bin");
    await expect(converter.verify(other, checkpoint)).rejects.toMatchObject(refusal);
    await expect(converter.verify(checkpoint, other)).rejects.toMatchObject(refusal);
  });
});

test("a head of more rows than it can have is refused by what the head computes", async () => {
  const checkpoint = await openBounds("expanded-labels.bin", { num_labels: undefined });
  expect(checkpoint.problem).toMatchObject({ code: "head-unknown", message: expect.stringContaining("qa_outputs.weight [20000000, 16]") });
});

test.each([{ num_labels: 2e7 }, { num_labels: 2 ** 31 - 1 }])(
  "a configuration of more labels than there are is refused: %j",
  async (changes) => {
    const checkpoint = await openBounds("escapes.bin", changes);
    expect(checkpoint.problem).toMatchObject({ code: "config-invalid", message: expect.stringContaining("from 1 to 1048576") });
  },
);

test("a configuration of labels that the file does not have is refused by its shape", async () => {
  const checkpoint = await openBounds("escapes.bin", { num_labels: 1_000_000 });
  for (const target of targets) {
    expect(converter.plan(checkpoint, { target }).problem).toMatchObject({
      code: "config-mismatch",
      message: expect.stringContaining('"qa_outputs.weight" has [2, 16], expected [1000000, 16]'),
    });
  }
});

test.each([
  ["integer-words.bin", "word_embeddings", "int64"],
  ["integer-quantized.bin", "word_embeddings", "int8"],
  ["boolean-bias.bin", "qa_outputs.bias", "bool"],
])("%s: integers are no parameters, for any target", async (fileName, name, dataType) => {
  const checkpoint = await openBounds(fileName);
  const refusal = { code: "unsupported", message: expect.stringMatching(new RegExp(`${name}.*its elements are ${dataType}`)) };
  expect(() => checkpoint.weights()).toThrowError(expect.objectContaining(refusal));
  for (const target of targets) {
    let problem: unknown;
    try {
      ({ problem } = converter.plan(checkpoint, { target }));
    } catch (error) {
      problem = error;
    }
    expect(problem).toMatchObject(refusal);
  }
});

test("a configuration of lists that hold one another opens at once, and says that it is not read", async () => {
  const files = memoryFileSet("bounds", { "shared-lists.pt": read("bounds/shared-lists.pt") });
  const checkpoint = await converter.open({ files, fileName: "shared-lists.pt" });
  expect(checkpoint.warnings).toContainEqual(expect.stringContaining('"config", unfolds into more than 100000 values'));
});

test("a configuration of any depth travels along, into every target", async () => {
  let deep: unknown = ["bottom"];
  for (let level = 0; level < 20_000; level++) deep = level % 2 === 0 ? { level: deep } : [deep];
  const checkpoint = await openBounds("escapes.bin", { deep });
  for (const target of targets) {
    const sink = memoryDirectorySink();
    await converter.convert(converter.plan(checkpoint, { target }), { sink });
    const written = sink.files.get("config.json") ?? new Uint8Array(0);
    const parsed = parseJson(written, { name: "config.json", code: "malformed", budget: memoryBudget("config.json", written.length) });
    expect(depthOf(isJsonObject(parsed as never) ? Reflect.get(parsed as object, "deep") : undefined)).toBe(20_001);
    const again = await converter.open({ files: memoryFileSet("again", Object.fromEntries(sink.files)) });
    expect(depthOf(again.config?.source.deep)).toBe(20_001);
  }
});

function depthOf(value: unknown): number {
  let depth = 0;
  for (let at = value; typeof at === "object" && at !== null; at = Array.isArray(at) ? at[0] : Reflect.get(at, "level")) depth++;
  return depth;
}

describe("what would take more memory than the limit is refused, naming the limit and the option", () => {
  const limits = { memory: 2 ** 20 };
  const refusal = { code: "limit-exceeded", message: expect.stringMatching(/the limit "memory".*--limit memory=256MiB \(option limits\)/) };
  const count = 20_000;
  // Payloads that stay in the file, stack that is used again: these cost next to nothing.
  const cheap = new Set(["texts of 60 kB", "marks"]);
  const small = new Map([
    ["memo entries", 60_000],
    ["a config of shared lists", 3000],
    ["safetensors: dimensions", 200],
  ]);

  describe.each(Object.entries({ torchZip, torchLegacy, lightningCheckpoint, paddlePickle }))("%s", (_, wrap) => {
    // What torch alone knows is an object like others in Paddle's files.
    const names = Object.keys(pickles).filter((name) => !cheap.has(name) && !(wrap === paddlePickle && /tensors|config/.test(name)));
    test.each(names)("%s", async (name) => {
      const { fileName, files } = wrap(pickles[name]?.(small.get(name) ?? count) ?? new Uint8Array(0));
      await expect(converter.open({ files: memoryFileSet("large", files), fileName }, { limits })).rejects.toMatchObject(refusal);
    });
  });

  test.each(Object.keys(otherFiles))("%s", async (name) => {
    const { fileName, files } = otherFiles[name]?.(small.get(name) ?? count) ?? { fileName: "", files: {} };
    const opening = converter.open({ files: memoryFileSet("large", files), fileName }, { limits });
    // The file is opened all the same where its config.json is what is refused.
    const found = await opening.then(
      ({ problem }) => problem,
      (error: unknown) => error,
    );
    expect(found).toMatchObject(refusal);
  });

  test("layout files", () => {
    expect(() => parseLayoutFile(layoutRules(1000), "many.json", limits)).toThrowError(expect.objectContaining(refusal));
    expect(() => parseLayoutFile(layoutChoices(100), "choices.json", limits)).toThrowError(expect.objectContaining(refusal));
  });

  test("a limit that is no number of bytes", async () => {
    const { fileName, files } = torchZip(new Uint8Array(0));
    const opening = converter.open({ files: memoryFileSet("large", files), fileName }, { limits: { memory: Number.NaN } });
    await expect(opening).rejects.toMatchObject({ code: "argument-invalid" });
  });
});
