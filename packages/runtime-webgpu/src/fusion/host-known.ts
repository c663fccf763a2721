import type { Graph } from "@longspan/core/graph";

/** The inputs of a graph, and the integers and flags that follow from them and from what is written in the graph: the host computes these. */
export function hostKnown(graph: Graph): ReadonlySet<string> {
  const known = new Set(graph.inputs.map(({ name }) => name));
  for (const { inputs, outputs } of graph.nodes) {
    if (!inputs.every((name) => known.has(name)) || outputs.some(({ dataType }) => dataType === "float32")) continue;
    for (const { name } of outputs) known.add(name);
  }
  return known;
}
