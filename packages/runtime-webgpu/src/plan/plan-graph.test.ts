import { describe, expect, test } from "vitest";
import type { Head } from "@longspan/core";
import { parseLongformerConfig, publishedConfigs } from "@longspan/core/adapter";
import { buildGraph, type Graph, type GraphTensor, longformerGraph, operations } from "@longspan/core/graph";
import { prepareInputs } from "@longspan/core/runtime";
import { fuseForGpu, gpuOperations } from "../fusion/index.ts";
import { wholeKernelTable } from "../kernels/index.ts";
import { weightTensors } from "../session/load-weights.ts";
import { float16Parameters } from "./float16-values.ts";
import type { GraphPlan } from "./graph-plan.ts";
import { joinedParameters } from "./joined-parameters.ts";
import { overflowOutput } from "./overflow-check.ts";
import { planGraph } from "./plan-graph.ts";
import { evaluateHostPart, planKeyOf, splitGraph } from "./split-graph.ts";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import { defaultFacts } from "../testing/default-facts.ts";

const facts = defaultFacts;
const kernels = (await wholeKernelTable())();
const { config } = parseLongformerConfig(publishedConfigs["longformer-base-4096"]);

function planOf(
  graph: Graph,
  inputs: Readonly<Record<string, GraphTensor>>,
  sizes: Readonly<Record<string, number>>,
  facts: DeviceFacts = defaultFacts,
): GraphPlan {
  const split = splitGraph(graph, kernels);
  const dimensions = new Map(Object.entries(sizes));
  const hostValues = evaluateHostPart(split, new Map(Object.entries(inputs)), dimensions, gpuOperations);
  return planGraph({ split, facts, parameters: weightTensors(graph, new Set(), joinedParameters(graph, kernels)), dimensions, hostValues });
}

function planOfBase(head: Head, sequence: number): GraphPlan {
  const ids = Array.from({ length: sequence }, (_, position) => ([8, 9, sequence - 1].includes(position) ? 2 : 5 + position));
  return planOf(fuseForGpu(longformerGraph(config, head)), prepareInputs(config, head, { input_ids: [ids] }), { batch: 1, sequence });
}

describe("planGraph", () => {
  test("base with 4,096 tokens works in the memory of seven hidden states: an inner layer's four, and those on either side", () => {
    const { work, steps, uploaded } = planOfBase("question-answering", 4096);
    const hiddenState = 4096 * 768 * 4;
    const bytes = work.arenas.reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeLessThanOrEqual(7.1 * hiddenState);
    expect(work.arenas.length).toBeLessThanOrEqual(4);
    expect(steps.length).toBeLessThan(200);
    expect(uploaded.arenas.length).toBe(1);
  });

  test.each([
    [512, ["tripleLinear 1", "longformerAttention 6", "linearAddNormalization 4", "linearActivation 1"], 147],
    [4096, ["tripleLinear 1", "longformerAttention 5", "linearAddNormalization 4", "linearActivation 1"], 135],
  ])("base with %i tokens, 16 of them global, on a GPU: so many dispatches a layer, and in all", (sequence, ofLayer, all) => {
    const graph = fuseForGpu(longformerGraph(config, "model", { pooler: false }), { joinProjections: true });
    const inputs = prepareInputs(config, "model", {
      input_ids: [Array.from({ length: sequence }, (_, position) => 5 + position)],
      global_attention_mask: [Array.from({ length: sequence }, (_, position) => Number(position < 16))],
    });
    const gpu: DeviceFacts = {
      ...defaultFacts,
      subgroups: { minimum: 32, maximum: 32 },
      limits: { ...defaultFacts.limits, maxComputeWorkgroupStorageSize: 49_152 },
    };
    const { steps } = planOf(graph, inputs, { batch: 1, sequence }, gpu);
    const operationOf = new Map(graph.nodes.map(({ operation, outputs }) => [outputs[0]?.name ?? "", operation]));
    const counts = Map.groupBy(steps, ({ node }) => operationOf.get(node) ?? "");
    expect(ofLayer.map((line) => line.split(" ")[0] ?? "").map((name) => `${name} ${(counts.get(name)?.length ?? 0) / 12}`)).toEqual(
      ofLayer,
    );
    expect(steps.length).toBe(all);
  });

  test("names what is too large for the device", () => {
    expect(() => planOfBase("masked-lm", 4096)).toThrow(/lm_head\.decoder \[1, 4096, 50265\] takes 823541760 bytes.*maxBufferSize/);
  });

  test("names what takes more bindings, or workgroups, than the device has", () => {
    const graph = fuseForGpu(longformerGraph(config, "model"));
    const inputs = prepareInputs(config, "model", { input_ids: [[0, 5, 6, 2]] });
    for (const [limit, found] of [
      ["maxStorageBuffersPerShaderStage", 6],
      ["maxComputeWorkgroupsPerDimension", 12],
    ] as const) {
      const narrow = { ...facts, limits: { ...facts.limits, [limit]: 5 } };
      expect(() => planOf(graph, inputs, { batch: 1, sequence: 4 }, narrow)).toThrow(
        expect.objectContaining({
          code: "device-limit",
          details: expect.objectContaining({ node: expect.any(String), limit, found, allowed: 5 }),
        }),
      );
    }
  });

  test("gives the same plan to masks with about as many globals, another to others", () => {
    const split = splitGraph(longformerGraph(config, "model"), kernels);
    const key = (globals: number): string => {
      const mask = Array.from({ length: 64 }, (_, position) => Number(position < globals));
      const inputs = prepareInputs(config, "model", { input_ids: [mask.map(() => 5)], global_attention_mask: [mask] });
      const dimensions = new Map([
        ["batch", 1],
        ["sequence", 64],
      ]);
      return planKeyOf(split, evaluateHostPart(split, new Map(Object.entries(inputs)), dimensions, gpuOperations), dimensions);
    };
    expect(key(5)).toBe(key(7));
    expect(key(5)).not.toBe(key(0));
  });

  test("goes before a run through what the host computes, and through one attention for all: where it brings a symbol, and for the key", () => {
    const graph = fuseForGpu(longformerGraph(config, "model"));
    const operations = ({ evaluated }: ReturnType<typeof splitGraph>): string[] => evaluated.map(({ node }) => node.operation);
    const split = splitGraph(graph, kernels);
    expect(operations(split)).toEqual(["multiplySum"]);
    expect(split.keyed.map(({ node }) => node.operation)).toEqual(["longformerAttention"]);
    const told = splitGraph(fuseForGpu(longformerGraph(config, "model", { attentions: true })), kernels);
    expect(operations(told)).toEqual(["multiplySum", "longformerAttention"]);
  });

  test("query, key and value are columns of one tensor, by weights that are rows of one", () => {
    const graph = fuseForGpu(longformerGraph(config, "model"), { joinProjections: true });
    const joined = joinedParameters(graph, kernels);
    expect(joined.length).toBe(2 * config.layers);
    const tensors = weightTensors(graph, float16Parameters(graph, kernels), joined);
    const name = (kind: string): string =>
      ["query", "key", "value"].map((projection) => `encoder.layer.0.attention.self.${projection}.${kind}`).join(" + ");
    expect(tensors.get(name("weight"))).toMatchObject({ shape: [3 * 768, 768], storage: "float16", byteLength: 3 * 768 * 768 * 2 });
    expect(tensors.get("encoder.layer.0.attention.self.value.bias")?.rowsOf).toMatchObject({
      tensor: { name: name("bias"), shape: [3 * 768] },
      byteOffset: 2 * 768 * 4,
    });
    const split = splitGraph(graph, kernels, { halveActivations: true });
    const inputs = new Map(Object.entries(prepareInputs(config, "model", { input_ids: [[0, 5, 6, 2]] })));
    const dimensions = new Map([
      ["batch", 1],
      ["sequence", 4],
    ]);
    const hostValues = evaluateHostPart(split, inputs, dimensions, gpuOperations);
    const { steps, work, outputs } = planGraph({ split, facts, parameters: tensors, dimensions, hostValues });
    const product = steps.find(({ dispatch }) => dispatch.operands.some(({ tensor }) => tensor.name === name("weight")));
    expect(product?.dispatch.operands.at(-1)?.tensor).toMatchObject({ shape: [1, 4, 3 * 768], storage: "float16" });
    // Nothing of it is memory of the parameters, and the check's flags come last.
    expect([...work.placements.keys()].some((placed) => tensors.has(placed))).toBe(false);
    expect(outputs.at(-1)).toMatchObject({ name: overflowOutput, dataType: "int32", shape: [2] });
    expect(steps.at(-1)?.dispatch.kernel.name).toBe("finite-check");
  });

  test("a reshape takes no memory, also of an input", () => {
    const graph = buildGraph("reshapes", (builder) => {
      const x = builder.input("x", "float32", ["length"]);
      const square = builder.apply(operations.reshape, [x], { shape: ["length", 1] });
      const y = builder.apply(operations.activation, [square], { function: "relu" });
      builder.output("y", builder.apply(operations.reshape, [y], { shape: [1, "length"] }));
      builder.output("square", square);
    });
    const x: GraphTensor = { dataType: "float32", shape: [8], data: new Float32Array(8) };
    const { work, uploaded, outputs, steps } = planOf(graph, { x }, { length: 8 });
    expect(steps.length).toBe(1);
    expect(work.placements.size).toBe(1);
    expect(uploaded.placements.size).toBe(1);
    expect(outputs.map(({ source }) => source)).toEqual(["work", "host"]);
  });
});

describe("float16Parameters", () => {
  test("are the matrices of base, and none that a kernel needs in full", () => {
    const graph = fuseForGpu(longformerGraph(config, "masked-lm"));
    const halved = float16Parameters(graph, kernels);
    const bytes = (tensors: ReturnType<typeof weightTensors>): number =>
      [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(halved.has("embeddings.word_embeddings.weight")).toBe(true);
    expect(halved.has("embeddings.LayerNorm.weight")).toBe(false);
    expect(bytes(weightTensors(graph, halved)) / bytes(weightTensors(graph, new Set()))).toBeLessThan(0.505);
  });
});
