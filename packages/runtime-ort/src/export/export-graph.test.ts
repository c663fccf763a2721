import { describe, expect, test } from "vitest";
import { parseLongformerConfig, publishedConfigs } from "@longspan/core/adapter";
import {
  buildGraph,
  defineOperation,
  evaluateShape,
  type Graph,
  longformerGraph,
  operations,
  operationSet,
  standardOperations,
} from "@longspan/core/graph";
import { tinyConfig } from "@longspan/core/testing";
import type { GraphProto, NodeProto, ValueInfoProto } from "../onnx/onnx_pb.ts";
import { exportGraph } from "./export-graph.ts";
import { standardOnnxOperations } from "./standard-onnx-operations.ts";

function branches({ node }: GraphProto): readonly GraphProto[] {
  return node.flatMap(({ attribute }) => attribute.flatMap(({ g }) => (g === undefined ? [] : [g])));
}

function graphsIn(graph: GraphProto): readonly GraphProto[] {
  return [graph, ...branches(graph).flatMap(graphsIn)];
}

function nodesOf(graph: Graph): readonly NodeProto[] {
  return graphsIn(exportGraph(graph).model.graph).flatMap(({ node }) => node);
}

function shapeOf({ type }: ValueInfoProto): readonly (number | string)[] {
  const tensor = type?.value.case === "tensorType" ? type.value.value : undefined;
  return tensor?.shape?.dim.map(({ value }) => (value.case === "dimParam" ? value.value : Number(value.value))) ?? [];
}

/** The number of elements of every value whose type the model says, for one run. */
function sizes(graph: Graph, dimensions: Readonly<Record<string, number>>): readonly { name: string; elements: number; axes: number }[] {
  const bindings = new Map(Object.entries({ batch: 1, ...dimensions }));
  return graphsIn(exportGraph(graph).model.graph)
    .flatMap(({ valueInfo, output }) => [...valueInfo, ...output])
    .map((info) => {
      const shape = evaluateShape(shapeOf(info), bindings);
      return { name: info.name, elements: shape.reduce((product, size) => product * size, 1), axes: shape.length };
    });
}

const base = longformerGraph(parseLongformerConfig(publishedConfigs["longformer-base-4096"]).config, "question-answering");
const large = longformerGraph(parseLongformerConfig(publishedConfigs["longformer-large-4096"]).config, "model");

describe("an exported model", () => {
  test("is of opset 17, in operators of the standard domain, with every name once", () => {
    for (const attentions of [false, true]) {
      const { model, initializers } = exportGraph(longformerGraph(tinyConfig, "model", { attentions }));
      expect([model.irVersion, model.opsetImport.map(({ domain, version }) => [domain, version])]).toEqual([8n, [["", 17n]]]);
      const names = graphsIn(model.graph).flatMap(({ node, input }) => [
        ...node.flatMap(({ output }) => output),
        ...input.map(({ name }) => name),
      ]);
      names.push(...model.graph.initializer.map(({ name }) => name), ...initializers.map(({ name }) => name));
      expect(new Set(names).size).toBe(names.length);
      expect(nodesOf(base).every(({ domain }) => domain === "")).toBe(true);
    }
  });

  test("has the graph's inputs, outputs and weights", () => {
    const graph = longformerGraph(tinyConfig, "question-answering");
    const { model, initializers } = exportGraph(graph);
    expect(model.graph.input.map((info) => [info.name, shapeOf(info)])).toEqual(graph.inputs.map(({ name, shape }) => [name, shape]));
    expect(model.graph.output.map(({ name }) => name)).toEqual(["start_logits", "end_logits"]);
    expect(initializers).toEqual(graph.parameters.map(({ name, shape }) => ({ name, shape })));
  });

  test("computes each dimension once", () => {
    const graph = buildGraph("padded twice", (builder) => {
      const x = builder.input("x", "float32", ["batch", "sequence"]);
      const y = builder.input("y", "float32", ["batch", "sequence"]);
      for (const [name, value] of Object.entries({ x, y })) {
        const after = "4*ceil(sequence/4)-sequence";
        builder.output(`${name}_padded`, builder.apply(operations.pad, [value], { axis: 1, before: 0, after, value: 0 }));
      }
    });
    const operators = nodesOf(graph).map(({ opType }) => opType);
    expect(operators.filter((operator) => operator === "Shape")).toHaveLength(1);
    expect(operators.filter((operator) => operator === "Div")).toHaveLength(1);
  });

  test("has no scores over 128 MiB at 4,096 tokens, and is linear in the length", () => {
    const limit = 128 * 2 ** 20;
    for (const [graph, globals] of [
      [base, 1],
      [base, 300],
      [base, 3000],
      [large, 16],
    ] as const) {
      const scores = sizes(graph, { sequence: 4096, attention_slots_1: globals }).filter(({ axes }) => axes === 5);
      expect(scores.length).toBeGreaterThan(100);
      expect(scores.filter(({ elements }) => elements * 4 > limit)).toEqual([]);
    }
    const total = (sequence: number): number =>
      sizes(base, { sequence, attention_slots_1: 16 }).reduce((sum, { elements }) => sum + elements, 0);
    expect(total(16384) / total(4096)).toBeLessThan(4.01);
  });

  test("computes what depends on masks and sizes alone once for all layers", () => {
    const count = (graph: Graph, operator: string): number => nodesOf(graph).filter(({ opType }) => opType === operator).length;
    const uniform = { ...tinyConfig, attentionWindow: tinyConfig.attentionWindow.map(() => 4) };
    const layers = (number: number): Graph => longformerGraph(uniform, "model", { layers: number });
    for (const operator of ["TopK", "Range", "CumSum", "Where", "And"]) expect(count(layers(3), operator)).toBe(count(layers(1), operator));
  });

  test("is refused where an output has the name of an input", () => {
    const graph = buildGraph("same", (builder) => builder.output("x", builder.input("x", "float32", ["length"])));
    expect(() => exportGraph(graph)).toThrow(expect.objectContaining({ code: "argument-invalid" }));
  });
});

describe("an operation of one's own", () => {
  const negate = defineOperation({
    name: "operationOfThisTest",
    formula: "out = -x",
    operands: { x: { dataTypes: ["float32"] } },
    attributes: {},
    rules: [],
    outputTypes: ({ x }) => [x],
    evaluate: ({ x }) => [{ ...x, data: x.data.map((value) => -value) }],
  });
  const all = operationSet([...standardOperations.values(), negate]);
  const graph = buildGraph(
    "negated",
    (builder) => builder.output("y", builder.apply(negate, [builder.input("x", "float32", ["length"])])),
    { operations: all },
  );

  test("is refused as long as nobody says how it is written", () => {
    expect(() => exportGraph(graph, { operations: all })).toThrow(
      expect.objectContaining({ code: "operation-unsupported", details: { operation: "operationOfThisTest" } }),
    );
  });

  test("is written as it is said", () => {
    const onnxOperations = new Map(standardOnnxOperations).set("operationOfThisTest", (writer, { inputs }) => [
      writer.apply("Neg", [inputs[0]?.name ?? ""]),
    ]);
    const { model } = exportGraph(graph, { operations: all, onnxOperations });
    expect(model.graph.node.map(({ opType }) => opType)).toEqual(["Neg", "Identity"]);
  });
});
