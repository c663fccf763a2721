import { checkSettled } from "../arguments/check-settled.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Graph } from "../graph/graph.ts";
import { longformerAttention } from "../graph/operations/longformer-attention.ts";
import type { OperationSet } from "../graph/operations/standard-operations.ts";
import { checkOperations } from "../graph/passes/check-operations.ts";
import { validateGraph } from "../graph/validate-graph.ts";
import type { Runtime } from "./runtime.ts";

/**
 * What a runtime that has all operations does first, instead of `fitGraph`: checks the graph, and refuses an operation that it lacks. It brings nothing
 * along that lowers operations to others, which makes its bundle smaller.
 * @throws LongspanError `argument-invalid` for what is no graph; `graph-invalid`, `operation-unsupported`.
 */
export function acceptGraph(graph: Graph, runtime: Pick<Runtime, "name" | "capabilities">): Graph {
  checkGraph(graph, runtime);
  checkOperations(graph, runtime.capabilities.operations, runtime.name);
  return graph;
}

/** That it is a graph, a legal one, and asks for no probabilities of a runtime that has none. @throws LongspanError as `acceptGraph`. */
export function checkGraph(graph: Graph, runtime: Pick<Runtime, "name" | "capabilities">, operations?: OperationSet): void {
  checkIsGraph(graph);
  validateGraph(graph, operations);
  const probabilities = graph.nodes.find((node) => node.operation === longformerAttention.name && node.attributes.globals !== undefined);
  if (!runtime.capabilities.attentionWeights && probabilities !== undefined) {
    throw new LongspanError(
      "operation-unsupported",
      `The runtime "${runtime.name}" cannot give attention probabilities, which graph "${graph.name}" takes from ${probabilities.outputs[0]?.name}. Build the graph without attentions, or use another runtime.`,
      { details: { runtime: runtime.name, operation: longformerAttention.name } },
    );
  }
}

function checkIsGraph(graph: unknown): void {
  checkSettled(graph, "The graph", "await before what makes it");
  if (typeof graph === "object" && graph !== null && "nodes" in graph) return;
  throw new LongspanError(
    "argument-invalid",
    "What is prepared is a graph and its weights: const { graph, weights } = checkpointModel(checkpoint); await runtime.prepare(graph, weights).",
  );
}
