import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { heads, type Head } from "../longformer/head.ts";
import type { LazyTensor } from "../tensor/lazy-tensor.ts";
import { seededCheckpoint, smallConfig } from "../testing/seeded-checkpoint.ts";
import { seededWeights } from "../testing/longformer-cases.ts";
import { compareForward } from "./compare-forward.ts";
import { memoryWeights } from "./memory-weights.ts";
import { referenceRuntime } from "./reference-runtime.ts";

const config = { ...smallConfig, max_position_embeddings: 70, vocab_size: 40 };
const runtime = referenceRuntime();

interface ModelOptions {
  readonly head?: Head;
  readonly changes?: Readonly<Record<string, unknown>>;
  readonly weights?: Readonly<Record<string, (tensor: LazyTensor) => Promise<number[]>>>;
}

/** A model of usual values; `changes` to its configuration leave the weights as they are, `weights` replaces some. */
async function model({ head = "question-answering", changes = {}, weights = {} }: ModelOptions = {}): Promise<Checkpoint> {
  const original = seededCheckpoint({ head, config });
  if (original.config === null) throw new Error("no configuration");
  const seeded = new Map(seededWeights(longformerGraph(original.config, head)));
  for (const [name, change] of Object.entries(weights)) {
    const tensor = seeded.get(name);
    if (tensor === undefined) throw new Error(`no ${name}`);
    const data = Float32Array.from(await change(tensor));
    for (const [key, value] of memoryWeights({ [name]: { dataType: "float32", shape: tensor.shape, data } })) seeded.set(key, value);
  }
  return { ...seededCheckpoint({ head, config: { ...config, ...changes } }), weights: () => seeded };
}

const valuesOf = async (tensor: LazyTensor): Promise<number[]> => Array.from((await tensor.read()).data, Number);
const nudged = async (tensor: LazyTensor): Promise<number[]> =>
  (await valuesOf(tensor)).map((value, index) => (index === 3 ? value + 0.01 : value));

describe("compareForward", () => {
  test.each(heads)("finds a model equal to itself, on samples with several lengths, padding and global tokens: %s", async (head) => {
    const result = await compareForward(await model({ head }), await model({ head }), { runtime, layers: true });
    expect(result).toMatchObject({
      equal: true,
      maxAbsoluteDifference: 0,
      firstDeparture: null,
      onlyInA: [],
      onlyInB: [],
      runtime: "reference",
      device: "cpu",
    });
    expect(result.samples.length).toBeGreaterThanOrEqual(4);
    for (const { outputs } of result.samples)
      expect(outputs.slice(0, 3).map(({ name }) => name)).toEqual(["hidden_states.0", "hidden_states.1", "hidden_states.2"]);
    const lengths = new Set(result.samples.map(({ outputs }) => outputs[0]?.shape.at(-2)));
    expect(lengths.size).toBe(4);
  });

  test.each<[string, string, string]>([
    ["embeddings.LayerNorm.bias", "hidden_states.0", "embeddings"],
    ["encoder.layer.0.intermediate.dense.weight", "hidden_states.1", "encoder.layer.0"],
    ["encoder.layer.1.attention.self.query_global.weight", "hidden_states.2", "encoder.layer.1"],
    ["qa_outputs.bias", "end_logits", "head"],
  ])("names the first part that departs when %s differs", async (name, output, part) => {
    const change = name === "qa_outputs.bias" ? async (): Promise<number[]> => [0.25, 0.75] : nudged;
    const a = name === "qa_outputs.bias" ? await model({ weights: { [name]: async () => [0.25, 0.5] } }) : await model();
    const result = await compareForward(a, await model({ weights: { [name]: change } }), { runtime, layers: true });
    expect(result).toMatchObject({ equal: false, firstDeparture: { output, part } });
    expect((await compareForward(a, await model({ weights: { [name]: change } }), { runtime, tolerance: 100 })).equal).toBe(true);
  });

  test("without layers it says which output departs, and no part", async () => {
    const other = await model({ weights: { "encoder.layer.0.output.dense.bias": nudged } });
    const result = await compareForward(await model(), other, { runtime });
    expect(result.firstDeparture).toEqual({ sample: "a short row", output: "start_logits", part: null });
    expect(result.samples[0]?.outputs.map(({ name }) => name)).toEqual(["start_logits", "end_logits"]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["a wrong window", { attention_window: [4, 16] }, "encoder.layer.1"],
    ["a wrong number of heads", { num_attention_heads: 4 }, "encoder.layer.0"],
    ["a wrong epsilon", { layer_norm_eps: 1e-2 }, "embeddings"],
    ["positions that begin elsewhere", { pad_token_id: 3 }, "embeddings"],
  ])("sees %s, which weights do not show", async (_, changes, part) => {
    const result = await compareForward(await model(), await model({ changes }), { runtime, layers: true });
    expect(result).toMatchObject({ equal: false, firstDeparture: { part } });
  });

  test("a model that does not take what the other takes is a difference; what neither takes is an error", async () => {
    const two = await model({ changes: { longspan: { questionAnsweringSeparators: 2 } } });
    const result = await compareForward(await model(), two, { runtime });
    expect(result.equal).toBe(false);
    expect(result.samples[0]).toMatchObject({ outputs: [], problem: { model: "b", code: "separators-mismatch" } });
    expect(result.samples.at(-1)?.problem).toBe(undefined);
    const inputs = [{ name: "given", inputs: { input_ids: [[5, 40, 6]], global_attention_mask: [[0, 0, 0]] } }];
    await expect(compareForward(await model(), two, { runtime, inputs })).rejects.toMatchObject({ code: "id-out-of-range" });
  });

  test("two heads share what their trunks give", async () => {
    const result = await compareForward(await model(), await model({ head: "token-classification" }), { runtime, layers: true });
    expect(result).toMatchObject({ equal: false, onlyInA: ["start_logits", "end_logits"], onlyInB: ["logits"] });
  });

  test("vectors in place of ids, beside ids", async () => {
    const inputs = [
      { name: "vectors", inputs: { inputs_embeds: [[[1, 2, 3, 4, 5, 6, 7, 8]]] } },
      { name: "ids", inputs: { input_ids: [[5, 6]] } },
    ];
    const result = await compareForward(await model({ head: "model" }), await model({ head: "model" }), { runtime, inputs });
    expect(result.samples.map(({ outputs }) => outputs[0]?.shape)).toEqual([
      [1, 1, 8],
      [1, 2, 8],
    ]);
  });

  test("weights that are not finite are refused", async () => {
    const broken = await model({
      weights: { "encoder.layer.1.output.dense.bias": async () => Array.from({ length: 8 }, () => Number.NaN) },
    });
    await expect(compareForward(await model(), broken, { runtime })).rejects.toMatchObject({ code: "weights-not-finite" });
  });
});
