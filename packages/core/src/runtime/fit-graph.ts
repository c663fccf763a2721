import { checkDataTypeName } from "../arguments/known-name.ts";
import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Graph } from "../graph/graph.ts";
import type { OperationSet } from "../graph/operations/standard-operations.ts";
import { lowerTo } from "../graph/passes/lower-to.ts";
import type { Pass } from "../graph/passes/pass.ts";
import type { DataType } from "../tensor/data-type.ts";
import { checkGraph } from "./accept-graph.ts";
import type { PrepareOptions, Runtime } from "./runtime.ts";

/** A runtime's own operations, and how it does without others. */
export interface FitGraphOptions {
  /** The definitions that the graph is checked by. Default: `standardOperations`. */
  readonly operations?: OperationSet;
  /** See `lowerTo`. */
  readonly lowerings?: Readonly<Record<string, Pass>>;
}

/**
 * What each runtime does first: checks the graph, and brings it into the operations the runtime has.
 * @throws LongspanError `argument-invalid` for what is no graph; `graph-invalid`, `operation-unsupported`.
 */
export function fitGraph(graph: Graph, runtime: Pick<Runtime, "name" | "capabilities">, options: FitGraphOptions = {}): Graph {
  checkGraph(graph, runtime, options.operations);
  return lowerTo(graph, runtime.capabilities.operations, { ...options, runtime: runtime.name });
}

const prepareOptionNames: OptionNames<PrepareOptions> = { dataType: true, signal: true, onProgress: true, profile: true };

/** The data type asked for, or the runtime's default. @throws LongspanError `argument-invalid`. */
export function chosenDataType(runtime: Pick<Runtime, "name" | "capabilities">, options: PrepareOptions | undefined): DataType {
  checkOptions(options, prepareOptionNames, "runtime.prepare");
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
