import type { GraphNode } from "../graph.ts";
import type { Pass } from "./pass.ts";

/** Computes once what nodes with the same operation, inputs and attributes compute several times. */
export const mergeDuplicates: Pass = {
  name: "merge-duplicates",
  run(graph) {
    const kept = new Map<string, GraphNode>();
    const renamed = new Map<string, string>();
    const current = (name: string): string => renamed.get(name) ?? name;
    for (const node of graph.nodes) {
      const inputs = node.inputs.map(current);
      const key = JSON.stringify([
        node.operation,
        inputs,
        Object.entries(node.attributes).toSorted(([left], [right]) => (left < right ? -1 : 1)),
      ]);
      const twin = kept.get(key);
      if (twin === undefined) kept.set(key, { ...node, inputs });
      else for (const [at, output] of node.outputs.entries()) renamed.set(output.name, twin.outputs[at]?.name ?? output.name);
    }
    return { ...graph, nodes: [...kept.values()], outputs: graph.outputs.map(({ name, value }) => ({ name, value: current(value) })) };
  },
};
