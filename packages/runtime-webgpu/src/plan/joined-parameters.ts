import type { Graph } from "@longspan/core/graph";
import type { KernelTable } from "../kernel/operation-kernels.ts";

/** Lists of parameters that lie one after the other in memory, as kernels want them: see `OperationKernels.joinedInputs`. */
export function joinedParameters(graph: Graph, kernels: KernelTable): readonly (readonly string[])[] {
  return graph.nodes.flatMap(({ operation, inputs }) =>
    (kernels.get(operation)?.joinedInputs ?? []).map((list) => list.flatMap((at) => inputs[at] ?? [])),
  );
}
