import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGraph, type Graph, type GraphTensor, longformerGraph, operations } from "@longspan/core/graph";
import { parseLongformerConfig } from "@longspan/core/adapter";
import { memoryWeights, prepareInputs, referenceRuntime, type Weights } from "@longspan/core/runtime";
import { seededNormal, seededWeights, tinyConfig } from "@longspan/core/testing";
import { attentionGraph } from "./testing/attention-graph.ts";
import { withMatrixUnits, knownMatrixShapes } from "./testing/matrix-units.ts";
import { runtimeWithFacts } from "./testing/runtime-with-facts.ts";
import { testDevice, type TestDevice } from "./testing/test-device.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});
afterAll(() => gpu.device.destroy());

const asGpu = ({ device, facts }: TestDevice): TestDevice => ({ device, facts: { ...facts, kind: "gpu", compilesSlowly: true } });
const onMatrixUnits = ({ device, facts }: TestDevice): TestDevice => ({
  device,
  facts: withMatrixUnits(facts, knownMatrixShapes[0] ?? { rows: 16, columns: 16, inner: 16 }),
});

const { activation, layerNormalization, linear } = operations;

/** `layerNormalization(W₂ gelu(W₁ x))`, 16 wide. */
const graph: Graph = buildGraph("block", (builder) => {
  const x = builder.input("x", "float32", ["rows", 16]);
  const wide = builder.apply(linear, [x, builder.parameter("wide", [32, 16]), builder.parameter("wide bias", [32])]);
  const active = builder.apply(activation, [wide], { function: "gelu" });
  const narrow = builder.apply(linear, [active, builder.parameter("narrow", [16, 32]), builder.parameter("narrow bias", [16])]);
  const normal = builder.apply(layerNormalization, [narrow, builder.parameter("scale", [16]), builder.parameter("shift", [16])], {
    epsilon: 1e-5,
  });
  builder.output("normal", normal);
});

async function truthOf(run: Graph, weights: Weights, inputs: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> {
  return (await referenceRuntime().prepare(run, weights)).run(inputs);
}

function largestDifference(actual: GraphTensor | undefined, expected: GraphTensor | undefined): number {
  expect(actual?.shape).toEqual(expected?.shape);
  return Math.max(...[...(expected?.data ?? [])].map((value, at) => Math.abs(value - Number(actual?.data[at]))));
}

describe.each([
  ["a GPU without matrix units", asGpu],
  ["a GPU with matrix units", onMatrixUnits],
] as const)("float16 between kernels on %s", (_, facts) => {
  test("gives what float32 gives, to what float16 keeps", async () => {
    const weights = seededWeights(graph);
    const inputs = { x: seededNormal(5, [40, 16]) };
    await using session = await runtimeWithFacts(facts(gpu), { precision: "float16" }).prepare(graph, weights, { profile: true });
    const found = await session.run(inputs);
    const kernels = session.profile?.()?.steps.map(({ kernel }) => kernel) ?? [];
    expect(kernels.filter((name) => name.includes("to-float16")).length).toBe(2);
    expect(kernels).toContain("finite-check");
    expect(Object.keys(found)).toEqual(["normal"]);
    const difference = largestDifference(found.normal, (await truthOf(graph, weights, inputs)).normal);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(2e-2);
  });

  test("names the output that is no number where float16 ends", async () => {
    const large = memoryWeights(
      Object.fromEntries(
        graph.parameters.map(({ name, shape }): [string, GraphTensor] => {
          const sizes = shape.map(Number);
          const length = sizes.reduce((product, size) => product * size, 1);
          return [name, { dataType: "float32", shape: sizes, data: new Float32Array(length).fill(name === "wide" ? 300 : 1) }];
        }),
      ),
    );
    const inputs = { x: { dataType: "float32", shape: [1, 16], data: new Float32Array(16).fill(20) } } as const;
    await using session = await runtimeWithFacts(facts(gpu), { precision: "float16" }).prepare(graph, large);
    await expect(session.run(inputs)).rejects.toMatchObject({
      code: "value-overflow",
      message: expect.stringMatching(/beyond what float16 holds.*"normal".*precision "float32"/),
      details: { outputs: ["normal"] },
    });
    // The next run starts afresh.
    const small = { x: { dataType: "float32", shape: [1, 16], data: new Float32Array(16).fill(0.01) } } as const;
    expect((await session.run(small)).normal?.data.every(Number.isFinite)).toBe(true);
    await using whole = await runtimeWithFacts(facts(gpu)).prepare(graph, large);
    expect((await whole.run(inputs)).normal?.data.every(Number.isFinite)).toBe(true);
  });
});

test.each(["an output of the graph, too", "made by another operation", "a parameter"] as const)(
  "query, key and value lie alike where the value is %s",
  async (value) => {
    const run = attentionGraph({ value, shape: [1, 6, 16], heads: 2, window: 4 });
    const weights = seededWeights(run);
    const inputs = { x: seededNormal(3, [1, 6, 16]), mask: { dataType: "int32", shape: [1, 6], data: new Int32Array(6).fill(1) } } as const;
    await using session = await runtimeWithFacts(asGpu(gpu), { precision: "float16" }).prepare(run, weights);
    const found = await session.run(inputs);
    for (const [name, expected] of Object.entries(await truthOf(run, weights, inputs)))
      expect(largestDifference(found[name], expected)).toBeLessThan(2e-2);
  },
);

test("a float32 input that matrix units take as halves is looked after, where nothing else lies in halves", async () => {
  const single = buildGraph("single", (builder) => {
    const x = builder.input("x", "float32", ["rows", 16]);
    builder.output("y", builder.apply(linear, [x, builder.parameter("weight", [32, 16])]));
  });
  const x = (value: number): GraphTensor => ({ dataType: "float32", shape: [40, 16], data: new Float32Array(640).fill(value) });
  await using session = await runtimeWithFacts(onMatrixUnits(gpu), { precision: "float16" }).prepare(single, seededWeights(single));
  await expect(session.run({ x: x(70_000) })).rejects.toMatchObject({ code: "value-overflow", details: { outputs: ["y"] } });
  expect(Object.keys(await session.run({ x: x(1) }))).toEqual(["y"]);
});

test("a whole Longformer in float16, as on a GPU", async () => {
  const { config } = parseLongformerConfig({
    model_type: "longformer",
    // So many keys that they are split among workgroups.
    attention_window: [256],
    hidden_act: "gelu",
    hidden_size: 32,
    intermediate_size: 48,
    max_position_embeddings: 310,
    num_attention_heads: 2,
    num_hidden_layers: 1,
    pad_token_id: 1,
    sep_token_id: 2,
    type_vocab_size: 2,
    vocab_size: tinyConfig.vocabSize,
  });
  const whole = longformerGraph(config, "question-answering");
  const weights = seededWeights(whole);
  const ids = Array.from({ length: 300 }, (_, position) =>
    position === 9 || position === 10 || position === 299 ? 2 : 3 + (position % 40),
  );
  const inputs = prepareInputs(config, "question-answering", { input_ids: [ids, ids] });
  await using session = await runtimeWithFacts(asGpu(gpu), { precision: "float16" }).prepare(whole, weights, { profile: true });
  const found = await session.run(inputs);
  // On matrix units keys are split inside a workgroup.
  const parts = gpu.facts.matrixUnits === undefined ? /^combine-splits-window$/ : /^window-attention-matrix/;
  expect(session.profile?.()?.steps.map(({ kernel }) => kernel)).toContainEqual(expect.stringMatching(parts));
  for (const [name, expected] of Object.entries(await truthOf(whole, weights, inputs)))
    expect(largestDifference(found[name], expected)).toBeLessThan(2e-2);
});
