import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { heads } from "../longformer/head.ts";
import { tinyConfig } from "../testing/longformer-cases.ts";
import { graphFromJson, graphToJson } from "./graph-json.ts";
import { standardOperations } from "./operations/standard-operations.ts";
import { lowerTo } from "./passes/lower-to.ts";

const anyGraph = fc
  .record({
    head: fc.constantFrom(...heads),
    layers: fc.nat(3),
    hiddenStates: fc.boolean(),
    attentions: fc.boolean(),
    words: fc.constantFrom("input_ids" as const, "inputs_embeds" as const),
    lowered: fc.boolean(),
  })
  .map(({ head, lowered, ...options }) => {
    const graph = longformerGraph(tinyConfig, head, options);
    return lowered
      ? lowerTo(
          graph,
          [...standardOperations.keys()].filter((name) => name !== "longformerAttention"),
          { runtime: "basic" },
        )
      : graph;
  });

describe("graphs as JSON", () => {
  test("come back as they were", () => {
    fc.assert(
      fc.property(anyGraph, (graph) => {
        const text = JSON.stringify(graphToJson(graph));
        const again = graphFromJson(JSON.parse(text));
        expect(again).toEqual(graph);
        expect(JSON.stringify(graphToJson(again))).toBe(text);
      }),
      { numRuns: 25 },
    );
  });

  const document = graphToJson(longformerGraph(tinyConfig, "model", { layers: 1 }));
  test.each([
    ["not an object", [], "graph holds"],
    ["null", null, "graph holds null"],
    ["another format", { ...document, format: "longspan-graph/2" }, "graph.format"],
    ["no nodes", { ...document, nodes: undefined }, "graph.nodes"],
    ["a node that is a string", { ...document, nodes: ["linear"] }, "graph.nodes[0]"],
    [
      "an attribute that is null",
      { ...document, nodes: [{ operation: "softmax", inputs: [], attributes: { axis: null }, outputs: [] }] },
      "graph.nodes[0].attributes.axis",
    ],
    ["an unknown data type", { ...document, inputs: [{ name: "x", dataType: "float16", shape: [1] }] }, "graph.inputs[0].dataType"],
    ["a dimension that is none", { ...document, inputs: [{ name: "x", dataType: "int32", shape: ["a/b"] }] }, "graph.inputs[0].shape[0]"],
    [
      "a parameter of unknown size",
      { ...document, parameters: [{ name: "w", dataType: "float32", shape: [2, "batch"] }] },
      "graph.parameters[0].shape[1]",
    ],
    ["nested without end", { ...document, name: JSON.parse("[".repeat(100_000) + "]".repeat(100_000)) }, "graph.name holds [[["],
    [
      "a range without an end",
      { ...document, inputs: [{ name: "x", dataType: "int32", shape: [1], range: { minimum: 0 } }] },
      "graph.inputs[0].range.maximum",
    ],
    [
      "keys of JavaScript's own",
      { ...document, nodes: [JSON.parse('{"operation":"softmax","inputs":[],"outputs":[],"attributes":{"__proto__":1}}')] },
      '"__proto__" is not one of its attributes',
    ],
  ])("are refused when they are %s", (_, json: unknown, place) => {
    expect(() => graphFromJson(json)).toThrow(
      expect.objectContaining({ code: "graph-invalid", message: expect.stringContaining(place) as string }),
    );
  });
});
