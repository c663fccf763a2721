import { checkDataTypeName } from "../arguments/known-name.ts";
import { checkSettled } from "../arguments/check-settled.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Graph } from "../graph/graph.ts";
import { longformerAttention } from "../graph/operations/longformer-attention.ts";
import type { OperationSet } from "../graph/operations/standard-operations.ts";
import { lowerTo } from "../graph/passes/lower-to.ts";
import type { Pass } from "../graph/passes/pass.ts";
import { validateGraph } from "../graph/validate-graph.ts";
import type { DataType } from "../tensor/data-type.ts";
import type { PrepareOptions, Runtime } from "./runtime.ts";

/** A runtime's own operations, and how it does without others. */
export interface FitGraphOptions {
  readonly operations?: OperationSet;
  /** See `lowerTo`. */
  readonly lowerings?: Readonly<Record<string, Pass>>;
}

/**
 * What each runtime does first: checks the graph, and brings it into the operations the runtime has.
 * @throws LongspanError `argument-invalid` for what is no graph; `graph-invalid`, `operation-unsupported`.
 */
export function fitGraph(graph: Graph, runtime: Pick<Runtime, "name" | "capabilities">, options: FitGraphOptions = {}): Graph {
  checkGraph(graph);
  validateGraph(graph, options.operations);
  const { operations, attentionWeights } = runtime.capabilities;
  const probabilities = graph.nodes.find((node) => node.operation === longformerAttention.name && node.attributes.globals !== undefined);
  if (!attentionWeights && probabilities !== undefined) {
    throw new LongspanError(
      "operation-unsupported",
      `The runtime "${runtime.name}" cannot give attention probabilities, which graph "${graph.name}" takes from ${probabilities.outputs[0]?.name}. Build the graph without attentions, or use another runtime.`,
      { details: { runtime: runtime.name, operation: longformerAttention.name } },
    );
  }
  return lowerTo(graph, operations, { ...options, runtime: runtime.name });
}

function checkGraph(graph: unknown): void {
  checkSettled(graph, "The graph", "await before what makes it");
  if (typeof graph === "object" && graph !== null && "nodes" in graph) return;
  throw new LongspanError(
    "argument-invalid",
    "What is prepared is a graph and its weights: const { graph, weights } = checkpointModel(checkpoint); await runtime.prepare(graph, weights).",
  );
}

/** The data type asked for, or the runtime's default. @throws LongspanError `argument-invalid`. */
export function chosenDataType(runtime: Pick<Runtime, "name" | "capabilities">, options: PrepareOptions | undefined): DataType {
  checkDataTypeName(options?.dataType);
  const { dataTypes } = runtime.capabilities;
  const wanted = options?.dataType ?? dataTypes[0];
  if (wanted !== undefined && dataTypes.includes(wanted)) return wanted;
  throw new LongspanError(
    "argument-invalid",
    `The runtime "${runtime.name}" cannot compute in ${wanted}; it has ${dataTypes.join(", ")}.`,
    { details: { dataType: wanted } },
  );
}
