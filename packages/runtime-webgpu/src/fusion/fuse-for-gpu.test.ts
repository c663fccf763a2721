import { buildGraph, type Graph, type GraphBuilder, type GraphTensor, longformerGraph, operations, type Value } from "@longspan/core/graph";
import { prepareInputs, referenceRuntime } from "@longspan/core/runtime";
import {
  longformerCaseGraph,
  longformerCaseInputs,
  longformerCases,
  seededNormal,
  seededWeights,
  tensorDifference,
  tinyConfig,
} from "@longspan/core/testing";
import { describe, expect, test } from "vitest";
import { fuseForGpu } from "./fuse-for-gpu.ts";
import { gpuOperations } from "./fused-operations.ts";

const { activation, add, cast, constant, embedding, layerNormalization, linear, multiply } = operations;

const namesOf = (graph: Graph): readonly string[] => graph.nodes.map(({ operation }) => operation);

/** The numbers of a graph by reference evaluation, fused operations by their own meaning. */
async function evaluate(graph: Graph, inputs: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> {
  const session = await referenceRuntime({ operations: gpuOperations }).prepare(graph, seededWeights(graph));
  return session.run(inputs).finally(() => session.dispose());
}

/** Weights are drawn by their place in the graph: both graphs list the same ones in the same order. */
async function expectSameNumbers(graph: Graph, fused: Graph, inputs: Readonly<Record<string, GraphTensor>>): Promise<void> {
  expect(fused.parameters).toEqual(graph.parameters);
  const truth = await evaluate(graph, inputs);
  const found = await evaluate(fused, inputs);
  for (const [name, expected] of Object.entries(truth))
    expect({ [name]: tensorDifference(found[name], expected, { absolute: 1e-6, relative: 1e-6 }) }).toEqual({ [name]: undefined });
}

const size = 6;
const hidden = (builder: GraphBuilder, name = "x"): Value => builder.input(name, "float32", ["batch", "sequence", size]);
const layer = (builder: GraphBuilder, x: Value, name = "dense"): Value =>
  builder.apply(linear, [x, builder.parameter(`${name}.weight`, [size, size]), builder.parameter(`${name}.bias`, [size])]);
const normalize = (builder: GraphBuilder, x: Value): Value =>
  builder.apply(layerNormalization, [x, builder.parameter("LayerNorm.weight", [size]), builder.parameter("LayerNorm.bias", [size])], {
    epsilon: 1e-5,
  });
const lookUp = (builder: GraphBuilder, kind: string, rows: number): Value =>
  builder.apply(embedding, [builder.input(`${kind}_ids`, "int32", ["batch", "sequence"]), builder.parameter(kind, [rows, size])]);

const whole = (builder: GraphBuilder, name: string): Value => builder.input(name, "int32", ["batch", "sequence"]);
const one = (builder: GraphBuilder): Value => builder.apply(constant, [], { dataType: "int32", shape: [], values: [1] });

const numbers = (seed: number): GraphTensor => seededNormal(seed, [2, 3, size]);
const ids = (...data: number[]): GraphTensor => ({ dataType: "int32", shape: [2, 3], data: Int32Array.from(data) });

const fusions: readonly {
  readonly name: string;
  readonly build: (builder: GraphBuilder) => void;
  readonly inputs?: Readonly<Record<string, GraphTensor>>;
  readonly becomes: readonly string[];
}[] = [
  {
    name: "a function after a linear layer",
    build: (builder) => builder.output("y", builder.apply(activation, [layer(builder, hidden(builder))], { function: "gelu" })),
    becomes: ["linearActivation"],
  },
  {
    name: "a bias added apart, then a function",
    build: (builder) => {
      const product = builder.apply(linear, [hidden(builder), builder.parameter("weight", [size, size])]);
      builder.output(
        "y",
        builder.apply(activation, [builder.apply(add, [product, builder.parameter("bias", [size])])], { function: "tanh" }),
      );
    },
    becomes: ["linearActivation"],
  },
  {
    name: "a residual connection behind a linear layer",
    build: (builder) => builder.output("y", builder.apply(add, [layer(builder, hidden(builder)), hidden(builder, "skipped")])),
    inputs: { x: numbers(1), skipped: numbers(2) },
    becomes: ["linearAdd"],
  },
  {
    name: "a residual connection the other way round",
    build: (builder) => {
      const x = hidden(builder);
      builder.output("y", builder.apply(add, [x, layer(builder, x)]));
    },
    becomes: ["linearAdd"],
  },
  {
    name: "the sum of two linear layers",
    build: (builder) => {
      const x = hidden(builder);
      builder.output("y", builder.apply(add, [layer(builder, x, "one"), layer(builder, x, "two")]));
    },
    becomes: ["linear", "linearAdd"],
  },
  {
    name: "a residual connection and a normalization",
    build: (builder) => builder.output("y", normalize(builder, builder.apply(add, [hidden(builder), hidden(builder, "skipped")]))),
    inputs: { x: numbers(1), skipped: numbers(2) },
    becomes: ["addNormalization"],
  },
  {
    name: "all of an encoder's end",
    build: (builder) => {
      const x = hidden(builder);
      builder.output("y", normalize(builder, builder.apply(add, [layer(builder, x), x])));
    },
    becomes: ["linearAddNormalization"],
  },
  {
    name: "embeddings, the largest table first",
    build: (builder) => {
      const [types, words, positions] = [lookUp(builder, "types", 2), lookUp(builder, "words", 9), lookUp(builder, "positions", 5)];
      builder.output("y", normalize(builder, builder.apply(add, [positions, builder.apply(add, [types, words])])));
    },
    inputs: { types_ids: ids(0, 1, 0, 1, 1, 0), words_ids: ids(8, 0, 3, 7, 2, 2), positions_ids: ids(4, 3, 2, 1, 0, 4) },
    becomes: ["embeddingNormalization"],
  },
  {
    name: "the codes of masks, in 32 bits",
    build: (builder) =>
      builder.output("codes", builder.apply(multiply, [whole(builder, "x"), builder.apply(add, [whole(builder, "y"), one(builder)])])),
    inputs: { x: ids(0, 1, 2, -3, 65_537, 2 ** 31 - 1), y: ids(0, 1, -1, 7, 65_537, 2 ** 31 - 1) },
    becomes: ["multiplySum"],
  },
];

const refusals: readonly { readonly name: string; readonly build: (builder: GraphBuilder) => void }[] = [
  {
    name: "a linear layer that another node uses",
    build: (builder) => {
      const product = layer(builder, hidden(builder));
      builder.output("y", builder.apply(multiply, [builder.apply(activation, [product], { function: "gelu" }), product]));
    },
  },
  {
    name: "a linear layer that is an output",
    build: (builder) => {
      const product = layer(builder, hidden(builder));
      builder.output("product", product);
      builder.output("y", builder.apply(activation, [product], { function: "gelu" }));
    },
  },
  {
    name: "a sum that is an output",
    build: (builder) => {
      const sum = builder.apply(add, [hidden(builder), hidden(builder, "skipped")]);
      builder.output("sum", sum);
      builder.output("y", normalize(builder, sum));
    },
  },
  {
    name: "a sum that stretches",
    build: (builder) => builder.output("y", normalize(builder, builder.apply(add, [hidden(builder), builder.parameter("row", [size])]))),
  },
  {
    name: "a linear layer stretched by what is added",
    build: (builder) => {
      const product = layer(builder, builder.input("row", "float32", ["batch", 1, size]));
      builder.output("y", builder.apply(add, [product, hidden(builder)]));
    },
  },
  {
    name: "a function of a linear layer without bias",
    build: (builder) => {
      const product = builder.apply(linear, [hidden(builder), builder.parameter("weight", [size, size])]);
      builder.output("y", builder.apply(activation, [product], { function: "gelu" }));
    },
  },
  {
    name: "integers that stretch",
    build: (builder) => {
      const row = builder.input("y", "int32", ["batch", 1]);
      builder.output("codes", builder.apply(multiply, [whole(builder, "x"), builder.apply(add, [row, one(builder)])]));
    },
  },
  {
    name: "integers and a sum with several numbers",
    build: (builder) => {
      const several = builder.apply(constant, [], { dataType: "int32", shape: [2], values: [1, 2] });
      const [x, y] = ["x", "y"].map((name) => builder.input(name, "int32", ["batch", 2]));
      if (x === undefined || y === undefined) throw new Error("there are inputs");
      builder.output("codes", builder.apply(multiply, [x, builder.apply(add, [y, several])]));
    },
  },
  {
    name: "integers that the GPU computes, because they depend on weights",
    build: (builder) => {
      const rounded = builder.apply(cast, [builder.parameter("y", [2, 3])], { dataType: "int32" });
      builder.output("codes", builder.apply(multiply, [builder.input("x", "int32", [2, 3]), builder.apply(add, [rounded, one(builder)])]));
    },
  },
  {
    name: "numbers that are no integers",
    build: (builder) => {
      const half = builder.apply(constant, [], { dataType: "float32", shape: [], values: [0.5] });
      builder.output("y", builder.apply(multiply, [hidden(builder), builder.apply(add, [hidden(builder, "other"), half])]));
    },
  },
];

describe("fuseForGpu", () => {
  test.each(fusions)("fuses $name", async ({ build, inputs = { x: numbers(1) }, becomes }) => {
    const graph = buildGraph("apart", build);
    const fused = fuseForGpu(graph);
    expect(namesOf(fused)).toEqual(becomes);
    await expectSameNumbers(graph, fused, inputs);
  });

  test.each(refusals)("leaves apart $name", ({ build }) => {
    const graph = buildGraph("apart", build);
    expect(fuseForGpu(graph)).toEqual(graph);
  });

  test("keeps a position table without a batch out of the embeddings", () => {
    const graph = buildGraph("apart", (builder) => {
      const positions = builder.apply(embedding, [
        builder.input("position_ids", "int32", ["sequence"]),
        builder.parameter("positions", [5, size]),
      ]);
      const words = builder.apply(add, [lookUp(builder, "words", 9), positions]);
      builder.output("y", normalize(builder, builder.apply(add, [words, lookUp(builder, "types", 2)])));
    });
    expect(namesOf(fuseForGpu(graph))).toEqual(["embedding", "embedding", "add", "embedding", "addNormalization"]);
  });

  test("leaves of a Longformer what its kernels are for", () => {
    const fused = fuseForGpu(longformerGraph(tinyConfig, "masked-lm"));
    const block = [
      "linear",
      "linear",
      "linear",
      "longformerAttention",
      "linearAddNormalization",
      "linearActivation",
      "linearAddNormalization",
    ];
    expect(namesOf(fused)).toEqual([
      "multiplySum",
      "embeddingNormalization",
      ...Array.from({ length: tinyConfig.layers }, () => block).flat(),
      "linearActivation",
      "layerNormalization",
      "linear",
    ]);
  });

  test("joins query, key and value where attention can read columns", async () => {
    const graph = longformerGraph(tinyConfig, "model");
    const fused = fuseForGpu(graph, { joinProjections: true });
    expect(namesOf(fused).filter((name) => name === "tripleLinear").length).toBe(tinyConfig.layers);
    expect(namesOf(fused)).not.toContain("linear");
    const ids = Array.from({ length: 9 }, (_, position) => 5 + position);
    await expectSameNumbers(graph, fused, prepareInputs(tinyConfig, "model", { input_ids: [ids] }));
  });

  test("leaves projections apart that share a weight", () => {
    const graph = longformerGraph(tinyConfig, "model", { layers: 1 });
    const query = "encoder.layer.0.attention.self.query.weight";
    const shared: Graph = {
      ...graph,
      nodes: graph.nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map((name) => (name === "encoder.layer.0.attention.self.key.weight" ? query : name)),
      })),
    };
    expect(namesOf(fuseForGpu(shared, { joinProjections: true }))).not.toContain("tripleLinear");
  });

  test("normalizes input embeddings with what is added to them", () => {
    const fused = fuseForGpu(longformerGraph(tinyConfig, "model", { words: "inputs_embeds", layers: 0, pooler: false }));
    expect(namesOf(fused)).toEqual(["embedding", "add", "embedding", "addNormalization"]);
  });

  test.each(longformerCases.filter(({ name }, index, all) => all.findIndex((other) => other.name === name) === index))(
    "keeps what a Longformer computes: $name",
    async (longformerCase) => {
      const graph = longformerCaseGraph(longformerCase);
      await expectSameNumbers(graph, fuseForGpu(graph), longformerCaseInputs(longformerCase));
    },
  );
});
