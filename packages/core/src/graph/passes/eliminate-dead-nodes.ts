import type { GraphNode } from "../graph.ts";
import type { Pass } from "./pass.ts";

/** Drops the nodes and parameters that no output depends on. Inputs stay: they are what a session is given. */
export const eliminateDeadNodes: Pass = {
  name: "eliminate-dead-nodes",
  run(graph) {
    const alive = new Set(graph.outputs.map((output) => output.value));
    const nodes: GraphNode[] = [];
    for (const node of graph.nodes.toReversed()) {
      if (!node.outputs.some((output) => alive.has(output.name))) continue;
      for (const name of node.inputs) alive.add(name);
      nodes.push(node);
    }
    return { ...graph, parameters: graph.parameters.filter((parameter) => alive.has(parameter.name)), nodes: nodes.toReversed() };
  },
};
