import { describe, expect, test } from "vitest";
import { buildGraph, type Graph, maskCodes, operations, type Value } from "@longspan/core/graph";
import { referenceRuntime, type SessionInputs } from "@longspan/core/runtime";
import { seededNormal, seededWeights, tensorDifference } from "@longspan/core/testing";
import { ort } from "../../session/ort.ts";
import { exportGraph } from "../export-graph.ts";

const width = 16;
const heads = 4;

/** Attention with the window of the published models: several blocks to a window, several groups of heads. */
const graph: Graph = buildGraph("wide attention", (builder) => {
  const shape = ["batch", "sequence", width];
  const tokens = (name: string): Value => builder.input(name, "float32", shape);
  const mask = builder.input("mask", "int32", ["batch", "sequence"]);
  const projection = (name: string): [weight: Value, bias: Value] => [
    builder.parameter(`${name}.weight`, [width, width]),
    builder.parameter(`${name}.bias`, [width]),
  ];
  const inputs = [tokens("query"), tokens("key"), tokens("value"), tokens("hidden"), mask] as const;
  const projections = [...projection("query"), ...projection("key"), ...projection("value")] as const;
  builder.output("context", builder.apply(operations.longformerAttention, [...inputs, ...projections], { heads, window: 512 }));
});

function inputsOf(rows: readonly (readonly number[])[]): SessionInputs {
  const shape = [rows.length, rows[0]?.length ?? 0, width];
  const tokens = ["query", "key", "value", "hidden"].map((name, seed) => [name, seededNormal(seed + 1, shape)] as const);
  return { ...Object.fromEntries(tokens), mask: { dataType: "int32", shape: shape.slice(0, 2), data: Int32Array.from(rows.flat()) } };
}

/** A row of tokens, the first of which are global, every so many others too, and padded behind. */
function row(length: number, real: number, { first = 0, every = length }: { first?: number; every?: number } = {}): readonly number[] {
  return Array.from({ length }, (_, position) => {
    if (position >= real) return maskCodes.masked;
    return position < first || position % every === every - 1 ? maskCodes.global : maskCodes.local;
  });
}

describe("longformerAttention in ONNX, window 512", () => {
  test("has several groups of heads", () => {
    const products = exportGraph(graph).model.graph.node.filter(({ opType }) => opType === "Softmax");
    expect(products.length).toBe(2);
  });

  test.each([
    ["shorter than a block", [row(40, 40)]],
    ["shorter than the window", [row(300, 300, { first: 2 })]],
    ["past the window, no global token", [row(1100, 1100)]],
    ["globals far apart, ragged rows", [row(1000, 1000, { every: 90 }), row(1000, 641, { first: 3 }), row(1000, 64)]],
    ["so many globals that keys and values are projected", [row(700, 700, { first: 300 })]],
    ["all global", [row(150, 150, { every: 1 })]],
  ])("%s", async (_, rows) => {
    const weights = seededWeights(graph);
    const inputs = inputsOf(rows);
    await using session = await ort({ threads: 1 }).prepare(graph, weights);
    await using truth = await referenceRuntime().prepare(graph, weights);
    const [{ context: actual }, { context: expected }] = await Promise.all([session.run(inputs), truth.run(inputs)]);
    if (expected === undefined) throw new Error("the graph has an output context");
    expect(tensorDifference(actual, expected, { absolute: 1e-5, relative: 1e-5 })).toBeUndefined();
  });
});
