import type { Graph } from "@longspan/core/graph";
import type { KernelTable } from "../kernel/operation-kernels.ts";

/**
 * The parameters that may lie in memory as float16: every use of them is by kernels that unpack it, none is an output, and what lies beside them
 * alike (`alikeInputs`) are parameters that may, too.
 */
export function float16Parameters(graph: Graph, kernels: KernelTable): ReadonlySet<string> {
  return unpacked(
    graph,
    kernels,
    graph.parameters.map(({ name }) => name),
  );
}

/**
 * What nodes compute that may lie in memory as float16: their kernels can write it, every use of it is by kernels that unpack it, and so it is
 * with what lies beside it alike. Outputs of the graph are float32.
 */
export function float16Activations(graph: Graph, kernels: KernelTable): ReadonlySet<string> {
  const written = graph.nodes.flatMap(({ operation, outputs }) =>
    (kernels.get(operation)?.float16Outputs ?? []).flatMap((at) => {
      const output = outputs[at];
      const columns = output?.shape.at(-1);
      return output?.dataType === "float32" && typeof columns === "number" && columns % 4 === 0 ? [output.name] : [];
    }),
  );
  return unpacked(graph, kernels, written);
}

function unpacked(graph: Graph, kernels: KernelTable, names: readonly string[]): ReadonlySet<string> {
  const halved = new Set(names);
  for (const { operation, inputs } of graph.nodes) {
    const readable = kernels.get(operation)?.float16Inputs ?? [];
    for (const [at, name] of inputs.entries()) if (!readable.includes(at)) halved.delete(name);
  }
  for (const { value } of graph.outputs) halved.delete(value);
  // What one node takes out of the set, another's may have to follow.
  for (let before = -1; before !== halved.size;) {
    before = halved.size;
    for (const { operation, inputs } of graph.nodes) {
      const alike = (kernels.get(operation)?.alikeInputs ?? []).map((at) => inputs[at] ?? "");
      if (!alike.every((name) => halved.has(name))) for (const name of alike) halved.delete(name);
    }
  }
  return halved;
}
