import { describe, expect, test } from "vitest";
import { longformerGraph } from "../../longformer/graphs/longformer-graph.ts";
import { memoryWeights } from "../../runtime/memory-weights.ts";
import { referenceRuntime } from "../../runtime/reference-runtime.ts";
import { tinyConfig } from "../../testing/longformer-cases.ts";
import type { Graph } from "../graph.ts";
import { buildGraph } from "../graph-builder.ts";
import { scalar } from "../layers.ts";
import { defineOperation, type Operation } from "../operation.ts";
import * as operations from "../operations/index.ts";
import { operationSet, standardOperations } from "../operations/standard-operations.ts";
import { eliminateDeadNodes } from "./eliminate-dead-nodes.ts";
import { fuseLinearBias } from "./fuse-linear-bias.ts";
import { lowerTo } from "./lower-to.ts";
import { mergeDuplicates } from "./merge-duplicates.ts";
import { runPasses } from "./pass.ts";
import { anyValue, indexGraph, matchPattern, nodeOf } from "./pattern.ts";
import { removeIdentities } from "./remove-identities.ts";
import { rewritePass } from "./rewrite.ts";

const { activation, add, linear, multiply, reshape, slice, softmax, transpose } = operations;
const namesOf = (graph: Graph): readonly string[] => graph.nodes.map(({ operation }) => operation);
const weights = memoryWeights({
  w: { dataType: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
  b: { dataType: "float32", shape: [2], data: Float32Array.of(5, 6) },
});
const evaluate = async (graph: Graph): Promise<readonly number[]> => {
  const session = await referenceRuntime().prepare(graph, weights);
  const outputs = await session.run({ x: { dataType: "float32", shape: [1, 2], data: Float32Array.of(0.5, -1) } });
  return Object.values(outputs).flatMap(({ data }) => Array.from(data));
};

/** x → linear without bias → + bias, twice over, with a reshape and a slice that do nothing, and a softmax nobody uses. */
const wordy = buildGraph("wordy", (builder) => {
  const x = builder.input("x", "float32", ["batch", 2]);
  const layer = (): ReturnType<typeof builder.apply> => {
    const product = builder.apply(linear, [x, builder.parameter("w", [2, 2])]);
    return builder.apply(add, [builder.parameter("b", [2]), product]);
  };
  const same = builder.apply(slice, [builder.apply(reshape, [layer()], { shape: ["batch", 2] })], { axis: 0, start: 0, end: "batch" });
  builder.apply(softmax, [same]);
  builder.output("y", builder.apply(multiply, [same, builder.apply(transpose, [layer()], { permutation: [0, 1] })]));
});

describe("passes", () => {
  test("shorten a graph and keep what it computes", async () => {
    const short = runPasses(wordy, [fuseLinearBias, removeIdentities, mergeDuplicates, eliminateDeadNodes]);
    expect(namesOf(short)).toEqual(["linear", "multiply"]);
    expect(await evaluate(short)).toEqual(await evaluate(wordy));
    expect(wordy.nodes.length).toBe(9);
  });

  test("leave alone what other nodes use", () => {
    const graph = buildGraph("shared", (builder) => {
      const product = builder.apply(linear, [builder.input("x", "float32", ["batch", 2]), builder.parameter("w", [2, 2])]);
      builder.output("y", builder.apply(add, [product, builder.parameter("b", [2])]));
      builder.output("product", product);
    });
    expect(runPasses(graph, [fuseLinearBias])).toEqual(graph);
    const column = buildGraph("no bias", (builder) => {
      const product = builder.apply(linear, [builder.input("x", "float32", ["batch", 2]), builder.parameter("w", [2, 2])]);
      builder.output("y", builder.apply(add, [product, scalar(builder, 1)]));
    });
    expect(namesOf(runPasses(column, [fuseLinearBias]))).toEqual(namesOf(column));
  });

  test("keep a transpose that moves elements though the shape stays", () => {
    const graph = buildGraph("square", (builder) =>
      builder.output("y", builder.apply(transpose, [builder.input("x", "float32", [2, 2])], { permutation: [1, 0] })),
    );
    expect(namesOf(runPasses(graph, [removeIdentities]))).toEqual(["transpose"]);
  });

  test("find nothing to shorten in the Longformer itself", () => {
    const graph = longformerGraph(tinyConfig, "masked-lm");
    expect(runPasses(graph, [fuseLinearBias, removeIdentities, mergeDuplicates, eliminateDeadNodes])).toEqual(graph);
  });

  test("must put the same type in the place of a value", () => {
    const wrong = rewritePass("widen", () => [{ pattern: nodeOf("softmax", [anyValue("x")]), rewrite: (builder) => [scalar(builder, 1)] }]);
    const graph = buildGraph("g", (builder) => builder.output("y", builder.apply(softmax, [builder.input("x", "float32", [3])])));
    expect(() => runPasses(graph, [wrong])).toThrow(/Pass "widen" put float32\[\] in the place of softmax: float32\[3\]/);
  });
});

describe("patterns", () => {
  const graph = longformerGraph(tinyConfig, "model", { layers: 1, pooler: false });
  const residual = nodeOf("layerNormalization", [
    nodeOf("add", [nodeOf("linear", ["x", "w", "b"].map(anyValue)), anyValue("skipped")]),
    anyValue("scale"),
    anyValue("shift"),
  ]);

  test("match trees of nodes and name their values", () => {
    const index = indexGraph(graph);
    const matches = graph.nodes.flatMap((node) => matchPattern(residual, node, index) ?? []);
    expect(matches.map(({ root }) => root.outputs[0]?.name)).toEqual([
      "encoder.layer.0.attention.output.LayerNorm",
      "encoder.layer.0.output.LayerNorm",
    ]);
    expect(matches[0]?.values.get("skipped")?.name).toBe("embeddings.LayerNorm");
    expect(matches[0]?.interior.map(({ operation }) => operation)).toEqual(["add", "linear"]);
  });

  test("hold one name to one value, and look at attributes", () => {
    const square = nodeOf("multiply", [anyValue("x"), anyValue("x")]);
    const found = (pattern: ReturnType<typeof nodeOf>, made: Graph): number =>
      made.nodes.filter((node) => matchPattern(pattern, node, indexGraph(made)) !== undefined).length;
    const products = buildGraph("products", (builder) => {
      const [x, y] = ["x", "y"].map((name) => builder.input(name, "float32", [2]));
      if (x === undefined || y === undefined) return;
      builder.output("xx", builder.apply(multiply, [x, x]));
      builder.output("xy", builder.apply(multiply, [x, y]));
    });
    expect(found(square, products)).toBe(1);
    expect(
      found(
        nodeOf(
          "longformerAttention",
          Array.from({ length: 11 }, (_, at) => anyValue(`input ${at}`)),
          { where: ({ window }) => window === 2 },
        ),
        graph,
      ),
    ).toBe(1);
    expect(
      found(
        nodeOf(
          "longformerAttention",
          Array.from({ length: 11 }, (_, at) => anyValue(`input ${at}`)),
          { where: ({ window }) => window === 8 },
        ),
        graph,
      ),
    ).toBe(0);
  });
});

describe("lowerTo", () => {
  test("names the operation, the runtime and the node when it cannot", () => {
    const graph = longformerGraph(tinyConfig, "model");
    expect(() => lowerTo(graph, ["linear", "add"], { runtime: "toy" })).toThrow(
      expect.objectContaining({
        code: "operation-unsupported",
        message: expect.stringContaining('The runtime "toy" has no operation "constant"') as string,
      }),
    );
  });

  test("takes operations and lowerings of one's own", async () => {
    const double = defineOperation({
      name: "double",
      formula: "out = 2 x",
      operands: { x: { dataTypes: ["float32"] } },
      attributes: {},
      rules: [],
      outputTypes: ({ x }) => [x],
      evaluate: ({ x }) => [{ ...x, data: x.data.map((value) => 2 * value) }],
    });
    const own = operationSet([...standardOperations.values(), double]);
    const graph = buildGraph(
      "own",
      (builder) =>
        builder.output(
          "y",
          builder.apply(double, [builder.apply(activation, [builder.input("x", "float32", ["batch", 2])], { function: "relu" })]),
        ),
      {
        operations: own,
      },
    );
    const sum: Operation = add;
    const lowering = rewritePass("lower-double", () => [
      {
        pattern: nodeOf("double", [anyValue("x")]),
        rewrite: (builder, { values }) => [builder.apply(sum, [...values.values(), ...values.values()])],
      },
    ]);
    const lowered = lowerTo(graph, [...standardOperations.keys()], { runtime: "toy", operations: own, lowerings: { double: lowering } });
    expect(namesOf(lowered)).toEqual(["activation", "add"]);
    const session = await referenceRuntime({ operations: own }).prepare(graph, new Map());
    const { y } = await session.run({ x: { dataType: "float32", shape: [1, 2], data: Float32Array.of(3, -1) } });
    expect([Array.from(y?.data ?? []), await evaluate(lowered)]).toEqual([
      [6, 0],
      [1, 0],
    ]);
  });
});
