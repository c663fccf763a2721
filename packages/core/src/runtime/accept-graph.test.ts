import { expect, test } from "vitest";
import { buildGraph } from "../graph/graph-builder.ts";
import { operations } from "../graph/operations/standard-operations.ts";
import { acceptGraph } from "./accept-graph.ts";
import type { RuntimeCapabilities } from "./runtime.ts";

const graph = buildGraph("small", (builder) => {
  builder.output("y", builder.apply(operations.softmax, [builder.input("x", "float32", ["rows", 3])]));
});
const runtimeWith = (...own: string[]): { readonly name: string; readonly capabilities: RuntimeCapabilities } => ({
  name: "own",
  capabilities: { operations: own, dataTypes: ["float32"], attentionWeights: false },
});

test("a graph whose operations are all there is taken as it is", () => {
  expect(acceptGraph(graph, runtimeWith("add", "softmax"))).toBe(graph);
});

test("an operation that is not there is refused, and so is what is no legal graph", () => {
  expect(() => acceptGraph(graph, runtimeWith("add"))).toThrow(/The runtime "own" has no operation "softmax"/);
  expect(() => acceptGraph({ ...graph, outputs: [] }, runtimeWith("softmax"))).toThrow(/a graph has an output/);
  // @ts-expect-error: from JavaScript
  expect(() => acceptGraph("graph", runtimeWith("softmax"))).toThrow(/What is prepared is a graph and its weights/);
});
