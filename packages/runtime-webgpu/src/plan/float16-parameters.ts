import type { Graph } from "@longspan/core/graph";
import type { KernelTable } from "../kernel/operation-kernels.ts";

/** The parameters that may lie in memory as float16: every use of them is by kernels that unpack it, and none is an output. */
export function float16Parameters(graph: Graph, kernels: KernelTable): ReadonlySet<string> {
  const halved = new Set(graph.parameters.map((parameter) => parameter.name));
  for (const { operation, inputs } of graph.nodes) {
    const unpacked = kernels.get(operation)?.float16Inputs ?? [];
    for (const [at, name] of inputs.entries()) if (!unpacked.includes(at)) halved.delete(name);
  }
  for (const { value } of graph.outputs) halved.delete(value);
  return halved;
}
