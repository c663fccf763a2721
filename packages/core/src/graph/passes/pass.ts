import type { Graph } from "../graph.ts";
import { standardOperations, type OperationSet } from "../operations/standard-operations.ts";
import { validateGraph } from "../validate-graph.ts";

/** A change of a graph that keeps what it computes. */
export interface Pass {
  /** Kebab case, for messages. */
  readonly name: string;
  /** The rewritten graph; the given one is not changed. What it gives is validated by whoever runs it. */
  run(graph: Graph, operations: OperationSet): Graph;
}

/** Runs passes one after the other and validates what each leaves. @throws LongspanError `graph-invalid`. */
export function runPasses(graph: Graph, passes: readonly Pass[], operations: OperationSet = standardOperations): Graph {
  let current = graph;
  for (const pass of passes) {
    current = pass.run(current, operations);
    validateGraph(current, operations);
  }
  return current;
}
