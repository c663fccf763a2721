import { type Checkpoint, type DataType, type LazyTensor, memoryDirectorySink, memoryFileSet, type Tensor } from "@longspan/core";
import { describe, expect, test } from "vitest";
import { converter, openFixture } from "./kept-forms.ts";

/** Recorded values by name: see fixtures/make_derived.py. */
async function recorded(file: string): Promise<{ values: ReadonlyMap<string, LazyTensor>; close: () => Promise<void> }> {
  const checkpoint = await openFixture(`derived/${file}.values.safetensors`);
  return { values: new Map(checkpoint.tensors.map(({ sourceName, tensor }) => [sourceName, tensor])), close: () => checkpoint.close() };
}

const mantissaBits: Partial<Record<DataType, number>> = { float64: 52, float32: 23, float16: 10, bfloat16: 7 };

/** Floats as integers that count representable values: neighbours differ by 1. */
function ordered({ dataType, data }: Tensor): bigint[] {
  const bits = { 8: BigInt64Array, 4: Int32Array, 2: Int16Array, 1: Int8Array }[data.BYTES_PER_ELEMENT];
  if (bits === undefined || mantissaBits[dataType] === undefined) throw new Error(`no float: ${dataType}`);
  const least = -(2n ** BigInt(8 * data.BYTES_PER_ELEMENT - 1));
  return Array.from(new bits(data.slice().buffer) as ArrayLike<number | bigint>, (value) =>
    BigInt(value) < 0n ? least - BigInt(value) : BigInt(value),
  );
}

/** The largest distance between two tensors, in units in the last place. */
async function unitsApart(one: LazyTensor, other: LazyTensor): Promise<number> {
  expect({ shape: one.shape, dataType: one.dataType }).toEqual({ shape: other.shape, dataType: other.dataType });
  const [left, right] = [ordered(await one.read()), ordered(await other.read())];
  return Math.max(...left.map((value, index) => Math.abs(Number(value - (right[index] ?? 0n)))));
}

async function furthest(checkpoint: Checkpoint, values: ReadonlyMap<string, LazyTensor>, kind: "exact" | "framework"): Promise<number> {
  const weights = checkpoint.weights();
  let most = 0;
  for (const [name, tensor] of values) {
    if (!name.startsWith(`${kind}.`)) continue;
    const found = weights.get(name.slice(kind.length + 1));
    if (found === undefined) throw new Error(`${name} is missing`);
    most = Math.max(most, await unitsApart(found, tensor));
  }
  return most;
}

describe("weight norm is computed: every dimension, old and new, of weights, biases and embeddings", () => {
  // A framework that rounds in the parameter's own type is itself some units off the exact value.
  test.each<[file: string, exact: number, framework: number]>([
    ["weight-norm.bin", 0, 3],
    ["weight-norm-bfloat16.bin", 0, 3],
    ["weight-norm-float16.bin", 0, 3],
    ["weight-norm-float64.bin", 8, 8],
    ["weight-norm.pdparams", 0, 3],
  ])("%s", async (file, exact, framework) => {
    const { values, close } = await recorded(file);
    const checkpoint = await openFixture(`derived/${file}`);
    expect(checkpoint).toMatchObject({ head: "question-answering", problem: undefined, unreadable: [] });
    expect(checkpoint.tensors.filter(({ role }) => role !== "parameter")).toEqual([]);
    expect(checkpoint.warnings.join()).toContain("kept under weight norm, and computed as g · v / ‖v‖");
    expect(await furthest(checkpoint, values, "exact")).toBeLessThanOrEqual(exact);
    expect(await furthest(checkpoint, values, "framework")).toBeLessThanOrEqual(framework);
    await checkpoint.close();
    await close();
  });

  test("Paddle's lengths beside a square matrix do not say whose they are: named, not guessed", async () => {
    const checkpoint = await openFixture("derived/weight-norm-square.pdparams");
    expect(() => checkpoint.weights()).toThrow(
      /a parameter is there but cannot be read\. "longformer\.encoder\.layers\.0\.self_attn\.query\.weight": it is kept under weight norm as a list of 16 lengths and a square matrix/,
    );
    await checkpoint.close();
  });
});

test("pruned parameters are the values before times the mask, exactly; a pruned direction under weight norm too", async () => {
  const { values, close } = await recorded("pruned.bin");
  const checkpoint = await openFixture("derived/pruned.bin");
  expect(checkpoint).toMatchObject({ head: "question-answering", problem: undefined, unreadable: [] });
  expect(await furthest(checkpoint, values, "framework")).toBe(0);
  expect(await furthest(checkpoint, values, "exact")).toBe(0);
  await checkpoint.close();
  await close();
});

test("what was computed is written in any form, and reads back the same", async () => {
  const checkpoint = await openFixture("derived/weight-norm.bin");
  for (const target of ["hf", "torch", "lightning", "paddle", "paddle-safetensors"]) {
    const sink = memoryDirectorySink("out");
    await converter.convert(converter.plan(checkpoint, { target }), { sink });
    const written = await converter.open({ files: memoryFileSet("out", sink.files) });
    expect(await converter.verify(checkpoint, written)).toMatchObject({ equal: true, onlyInA: [], onlyInB: [] });
    await written.close();
  }
  const half = converter.plan(checkpoint, { target: "hf", dataType: "float16" });
  expect(half.problem).toBeUndefined();
  expect(new Set(half.steps.map(({ tensor }) => tensor.dataType))).toEqual(new Set(["float16"]));
  await checkpoint.close();
});

describe("what is there and cannot be read is named, with the reason and the way out", () => {
  async function reasons(
    file: string,
  ): Promise<{ head: Checkpoint["head"]; reasons: Record<string, string>; message: string; missing: number }> {
    const checkpoint = await openFixture(`derived/${file}`);
    const plan = converter.plan(checkpoint, { target: "hf" });
    const found = {
      head: checkpoint.head,
      reasons: Object.fromEntries(checkpoint.unreadable.map(({ canonicalName, reason }) => [canonicalName ?? "", reason])),
      message: plan.problem?.message ?? "",
      missing: plan.missing.length,
    };
    await checkpoint.close();
    return found;
  }

  test("parametrizations", async () => {
    const found = await reasons("parametrized.bin");
    expect(found).toMatchObject({ head: "question-answering", missing: 0 });
    expect(found.reasons).toEqual({
      "qa_outputs.weight": expect.stringMatching(/spectral norm.*remove_spectral_norm\(module\) before saving/),
      "encoder.layer.0.attention.self.query.weight": expect.stringMatching(
        /spectral norm.*remove_parametrizations\(module, "weight"\) before/,
      ),
      "encoder.layer.0.attention.self.key.weight": expect.stringMatching(/the orthogonal parametrization.*remove_parametrizations/),
      "encoder.layer.0.attention.self.value.weight": expect.stringMatching(
        /a parametrization .*training code's own\) as original, .*remove_parametrizations/,
      ),
    });
    expect(found.message).toMatch(/4 parameters are there but cannot be read\. "/);
  });

  test("quantised layers of torch.ao: weights and biases", async () => {
    const found = await reasons("quantised.bin");
    expect(found).toMatchObject({ head: "question-answering", missing: 0 });
    expect(Object.keys(found.reasons)).toHaveLength(2 * (2 * 9 + 1));
    expect(new Set(Object.values(found.reasons))).toEqual(
      new Set(["it is quantised (torch.ao): save the model before quantising it, or dequantised."]),
    );
  });

  test("tensors of other kinds, and one made by a function nobody knows", async () => {
    const found = await reasons("unreadable.bin");
    expect(found).toMatchObject({ head: "question-answering", missing: 0 });
    expect(found.reasons).toEqual({
      "qa_outputs.bias": expect.stringMatching(/^it was made by training_code\.rebuild, which is not known here and never called: /),
      "embeddings.word_embeddings.weight": expect.stringMatching(/^it is a quantised tensor: save the model before/),
      "encoder.layer.0.attention.self.query.weight": expect.stringMatching(/^it is a sparse tensor: save it after to_dense/),
      "encoder.layer.0.attention.self.query.bias": expect.stringMatching(/^it is a meta tensor/),
      "encoder.layer.0.attention.self.key.weight": expect.stringMatching(/^its elements are complex64/),
      "encoder.layer.0.attention.self.value.weight": expect.stringMatching(/^it is a nested tensor/),
    });
    expect(found.message).not.toContain("lacks");
  });

  test("of Paddle", async () => {
    const found = await reasons("unreadable.pdparams");
    expect(found).toMatchObject({ head: "question-answering", missing: 0 });
    expect(found.reasons).toEqual({
      "qa_outputs.bias": expect.stringMatching(/^it was made by training_code\.rebuild, which is not known here and never called: /),
      "qa_outputs.weight": expect.stringMatching(/complex64|c8/),
      "encoder.layer.0.attention.output.LayerNorm.bias": "it is a list, where a tensor is expected: save a tensor.",
    });
  });
});
