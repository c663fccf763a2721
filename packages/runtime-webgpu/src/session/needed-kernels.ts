import type { Graph } from "@longspan/core/graph";
import { hostKnown } from "../fusion/index.ts";
import { headKernelTable, wholeKernelTable, type MakeKernelTable } from "../kernels/index.ts";
import { aliasOperation, hostOperations } from "../plan/split-graph.ts";

/** What makes the kernels of a graph and of every part of it: those that heads of Longformers do without are loaded for graphs that need them. */
export async function neededKernels(graph: Graph): Promise<MakeKernelTable> {
  const usual = headKernelTable();
  return deviceOperations(graph).some((operation) => !usual.has(operation)) ? wholeKernelTable() : headKernelTable;
}

/**
 * The operations that the GPU may have to compute, whichever outputs are asked for: which floats the host computes, because another operation has to
 * know them, depends on that (`splitGraph`).
 */
function deviceOperations(graph: Graph): readonly string[] {
  const known = hostKnown(graph);
  return graph.nodes.flatMap(({ operation, outputs }) => {
    const isHosts = outputs.every(({ name }) => known.has(name)) || hostOperations.includes(operation);
    return isHosts || operation === aliasOperation ? [] : [operation];
  });
}
