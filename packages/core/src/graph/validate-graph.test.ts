import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longformerGraph } from "../longformer/graphs/longformer-graph.ts";
import { heads } from "../longformer/head.ts";
import { tinyConfig } from "../testing/longformer-cases.ts";
import type { Graph, GraphNode } from "./graph.ts";
import { buildGraph, extendGraph } from "./graph-builder.ts";
import { nonzero } from "./operations/nonzero.ts";
import { linear } from "./operations/linear.ts";
import { lowerTo } from "./passes/lower-to.ts";
import { standardOperations } from "./operations/standard-operations.ts";
import { validateGraph } from "./validate-graph.ts";

const graphs: readonly Graph[] = heads.flatMap((head) => {
  const graph = longformerGraph(tinyConfig, head, { attentions: head === "model", hiddenStates: true });
  return [
    graph,
    lowerTo(
      graph,
      [...standardOperations.keys()].filter((name) => name !== "longformerAttention"),
      { runtime: "basic" },
    ),
  ];
});

/** Ways to break any graph at a node (or input, parameter) of choice. Each must be noticed. */
const mutations: Readonly<Record<string, (graph: Graph, at: number) => Graph>> = {
  "an unknown operation": (graph, at) => changeNode(graph, at, (node) => ({ ...node, operation: `${node.operation}2` })),
  "an input that is nowhere": (graph, at) => changeNode(graph, at, (node) => ({ ...node, inputs: [...node.inputs.slice(1), "nowhere"] })),
  "an input too many": (graph, at) =>
    changeNode(graph, at, (node) => ({
      ...node,
      inputs: node.operation === "concatenate" ? [] : [...node.inputs, "input_ids", "input_ids", "input_ids"],
    })),
  "an attribute nobody knows": (graph, at) =>
    changeNode(graph, at, (node) => ({ ...node, attributes: { ...node.attributes, colour: "red" } })),
  "another data type": (graph, at) =>
    changeNode(graph, at, (node) => ({
      ...node,
      outputs: node.outputs.map((output) => ({ ...output, dataType: output.dataType === "bool" ? "int32" : "bool" })),
    })),
  "another shape": (graph, at) =>
    changeNode(graph, at, (node) => ({ ...node, outputs: node.outputs.map((output) => ({ ...output, shape: [...output.shape, 3] })) })),
  "an output too many": (graph, at) =>
    changeNode(graph, at, (node) => ({ ...node, outputs: [...node.outputs, { name: "extra", dataType: "float32", shape: [1] }] })),
  "a name that stands twice": (graph, at) =>
    changeNode(graph, at, (node) => ({ ...node, outputs: node.outputs.map((output) => ({ ...output, name: "attention_mask" })) })),
  "a node twice": (graph, at) => ({ ...graph, nodes: graph.nodes.toSpliced(at, 0, ...graph.nodes.slice(at, at + 1)) }),
  "a node that is gone, but used": (graph, at) => ({ ...graph, nodes: graph.nodes.toSpliced(at, 1) }),
  "all nodes backwards": (graph) => ({ ...graph, nodes: graph.nodes.toReversed() }),
  "no outputs": (graph) => ({ ...graph, outputs: [] }),
  "an output of nothing": (graph) => ({ ...graph, outputs: [{ name: "logits", value: "nothing" }] }),
  "outputs of one name": (graph) => ({ ...graph, outputs: [...graph.outputs, ...graph.outputs] }),
  "an input gone": (graph) => ({ ...graph, inputs: graph.inputs.slice(1) }),
  "a parameter gone": (graph, at) => ({ ...graph, parameters: graph.parameters.toSpliced(at % graph.parameters.length, 1) }),
  "a parameter of another shape": (graph, at) => changeParameter(graph, at, (shape) => [...shape.slice(0, -1), Number(shape.at(-1)) + 1]),
  "a parameter of unknown size": (graph, at) => changeParameter(graph, at, (shape) => shape.map(() => "batch" as never)),
  "an empty input": (graph) => ({ ...graph, inputs: graph.inputs.map((input) => ({ ...input, shape: input.shape.map(() => 0) })) }),
  "a range upside down": (graph) => ({
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, range: { minimum: 1, maximum: 0, meaning: "" } })),
  }),
  "a dimension misspelled": (graph) => ({
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, shape: input.shape.map((size) => `1*${size}`) })),
  }),
  "a symbol from nowhere": (graph) => ({
    ...graph,
    inputs: graph.inputs.map((input) => ({ ...input, shape: input.shape.map((size) => `2*${size}`) })),
  }),
};

function changeNode(graph: Graph, at: number, change: (node: GraphNode) => GraphNode): Graph {
  return { ...graph, nodes: graph.nodes.map((node, index) => (index === at ? change(node) : node)) };
}

function changeParameter(
  graph: Graph,
  at: number,
  change: (shape: Graph["parameters"][number]["shape"]) => Graph["parameters"][number]["shape"],
): Graph {
  const index = at % graph.parameters.length;
  return {
    ...graph,
    parameters: graph.parameters.map((parameter, position) =>
      position === index ? { ...parameter, shape: change(parameter.shape) } : parameter,
    ),
  };
}

describe("validateGraph", () => {
  test("passes what is built and what is lowered", () => {
    for (const graph of graphs) validateGraph(graph);
  });

  test.each(Object.keys(mutations))("refuses %s", (name) => {
    fc.assert(
      fc.property(fc.constantFrom(...graphs), fc.nat(), (graph, place) => {
        const mutated = mutations[name]?.(graph, place % graph.nodes.length) ?? graph;
        expect(() => validateGraph(mutated)).toThrow(expect.objectContaining({ code: "graph-invalid" }));
      }),
      { numRuns: 25 },
    );
  });

  test("shows the node, its inputs and the rule", () => {
    const graph = buildGraph("two layers", (builder) => {
      const x = builder.input("x", "float32", ["batch", 4]);
      builder.output("y", builder.apply(linear, [x, builder.parameter("w", [3, 4])], {}, "first"));
    });
    const mutated: Graph = { ...graph, parameters: [{ name: "w", dataType: "float32", shape: [3, 5] }] };
    expect(() => validateGraph(mutated)).toThrowErrorMatchingInlineSnapshot(`
      [LongspanError: Graph "two layers": node 0 is illegal.
        first: float32[batch, 3] = linear of
          x: float32[batch, 4]
          w: float32[3, 5]
        breaks the rule: the last axis of x has the size of weight's second.]
    `);
  });

  test("refuses one dimension with two meanings", () => {
    const graph = longformerGraph(tinyConfig, "model", { attentions: true });
    const withSlots = (name: string, equals: number): Graph =>
      extendGraph(graph, (builder, value) =>
        builder.output("slots", builder.apply(nonzero, [value(name)], { equals, dimension: "globals", minimum: 0 })),
      );
    expect(withSlots("attention_mask_code", 2).outputs.at(-1)?.name).toBe("slots");
    expect(() => withSlots("attention_mask_code", 1)).toThrow(
      /"globals" is one thing only: the most that 2 stands in a row of attention_mask_code, or the most that 1 stands/,
    );
    expect(() => withSlots("input_ids", 2)).toThrow(/"globals" is one thing only/);
  });
});
