import { type Checkpoint, createConverter, type Head, LongspanError } from "@longspan/core";
import { longformerGraph } from "@longspan/core/graph";
import { prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import { describe, expect, test } from "vitest";
import { bytesOf, fixtureBytes, fixtureFiles, fixtureJson } from "../test/fixture.ts";
import { tensorflow } from "./tensorflow.ts";

interface Forward {
  readonly head: Head;
  readonly inputs: Parameters<typeof prepareInputs>[2];
  readonly outputs: Readonly<Record<string, unknown>>;
}

interface Value {
  readonly head: string;
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
}

const converter = createConverter({ adapters: [tensorflow()] });
const heads = ["model", "question-answering", "masked-lm", "sequence-classification", "token-classification", "multiple-choice"];
const folders = [...heads.map((head) => `heads/${head}`), "without-class-in-names", "sharded", "safetensors", "newer-format"];

async function open(folder: string): Promise<Checkpoint> {
  return converter.open({ files: fixtureFiles(`tensorflow/${folder}`) });
}

describe.each(folders)("%s, written by transformers on TensorFlow", (folder) => {
  const head = folder.startsWith("heads/") ? folder.slice("heads/".length) : "question-answering";

  test("has the seeded weights, bit for bit, and nothing to warn of", async () => {
    const checkpoint = await open(folder);
    expect({
      problem: checkpoint.problem?.message,
      warnings: checkpoint.warnings,
      head: checkpoint.head,
      layout: checkpoint.layout,
    }).toEqual({
      problem: undefined,
      warnings: [],
      head,
      layout: "tensorflow",
    });
    const seeded = fixtureBytes("values/tiny-longformer.bin");
    const wanted = fixtureJson<readonly Value[]>("values/tiny-longformer.json").filter(
      (value) => value.head === head || value.head === "model",
    );
    const weights = checkpoint.weights();
    for (const [name, tensor] of weights) {
      const value = wanted.find((one) => one.name === name);
      expect.assert(value !== undefined, name);
      const bytes = seeded.subarray(value.offset, value.offset + value.byteLength);
      expect({ name, equal: Buffer.compare(await bytesOf(tensor), bytes) === 0 }).toEqual({ name, equal: true });
    }
    await checkpoint.close();
  });
});

describe.each(folders.filter((folder) => folder !== "newer-format"))("%s", (folder) => {
  test("gives what TensorFlow computed", async () => {
    const { head, inputs, outputs } = fixtureJson<Forward>(`tensorflow/${folder}/forward.json`);
    const checkpoint = await open(folder);
    const { config } = checkpoint;
    expect.assert(config !== null);
    const session = await referenceRuntime().prepare(longformerGraph(config, head), checkpoint.weights());
    const found = await session.run(prepareInputs(config, head, inputs));
    for (const [name, recorded] of Object.entries(outputs)) {
      const numbers = (recorded as unknown[]).flat(Infinity) as number[];
      const ours = found[name];
      expect.assert(ours !== undefined, name);
      expect(ours.data.length).toBe(numbers.length);
      const largest = numbers.reduce((most, number, index) => Math.max(most, Math.abs(number - Number(ours.data[index]))), 0);
      expect({ name, largest: largest < 1e-5 ? "below 1e-5" : largest }).toEqual({ name, largest: "below 1e-5" });
    }
    await session.dispose();
    await checkpoint.close();
  });
});

describe("copies in the masked language model's head", () => {
  test("are no parameters of their own, and are named as copies", async () => {
    const checkpoint = await open("heads/masked-lm");
    const aliases = checkpoint.tensors.filter(({ role }) => role === "alias");
    expect(aliases.map(({ sourceName }) => sourceName)).toEqual([
      "lm_head/tf_longformer_for_masked_lm/longformer/embeddings/word_embeddings/weight:0",
      "lm_head/tf_longformer_for_masked_lm/longformer/embeddings/token_type_embeddings/embeddings:0",
      "lm_head/tf_longformer_for_masked_lm/longformer/embeddings/position_embeddings/embeddings:0",
      "lm_head/tf_longformer_for_masked_lm/longformer/embeddings/LayerNorm/gamma:0",
      "lm_head/tf_longformer_for_masked_lm/longformer/embeddings/LayerNorm/beta:0",
    ]);
    await checkpoint.close();
  });

  test("are refused when they differ from what they copy", async () => {
    const bytes = fixtureBytes("tensorflow/heads/masked-lm/tf_model.h5");
    // The copy of the word embeddings is the first of two places that hold its first row.
    const seeded = fixtureBytes("values/tiny-longformer.bin");
    const words = fixtureJson<readonly Value[]>("values/tiny-longformer.json").find(
      ({ name }) => name === "embeddings.word_embeddings.weight",
    );
    expect.assert(words !== undefined);
    const place = Buffer.from(bytes).indexOf(seeded.subarray(words.offset, words.offset + 64));
    expect.assert(place > 0);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    const { memoryDirectorySink, memoryFileSet } = await import("@longspan/core");
    const files = memoryFileSet("folder", {
      "tf_model.h5": bytes,
      "config.json": fixtureBytes("tensorflow/heads/masked-lm/config.json"),
    });
    const checkpoint = await converter.open({ files });
    const plan = converter.plan(checkpoint, { target: "tensorflow" });
    const error: unknown = await converter.convert(plan, { sink: memoryDirectorySink("out") }).catch((thrown: unknown) => thrown);
    expect.assert(LongspanError.isInstance(error));
    expect({ code: error.code, named: error.message.includes("word_embeddings") }).toEqual({ code: "weights-mismatch", named: true });
  });
});

test("weights of Keras's newer form, which have no names, are refused with the way out", async () => {
  const opened = converter.open({ files: fixtureFiles("tensorflow/numbered"), fileName: "model.weights.h5" });
  await expect(opened).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("save_pretrained") as string });
});

test("a whole model with a head of its own: the trunk's weights, bit for bit; the head's are unexpected, the optimizer's nothing", async () => {
  const checkpoint = await converter.open({ files: fixtureFiles("tensorflow/functional"), fileName: "model.h5" });
  expect(checkpoint.problem).toBeUndefined();
  const others = checkpoint.tensors.filter(({ role }) => role !== "parameter");
  expect(others.map(({ sourceName }) => sourceName)).toEqual([
    "model_weights/own_head/own_head/kernel:0",
    "model_weights/own_head/own_head/bias:0",
  ]);
  const trunk = await open("heads/model");
  expect(await converter.verify(trunk, checkpoint)).toMatchObject({ equal: true, compared: 51 });
  await Promise.all([trunk.close(), checkpoint.close()]);
});
