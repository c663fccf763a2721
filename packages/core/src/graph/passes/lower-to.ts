import type { Graph } from "../graph.ts";
import { longformerAttention } from "../operations/longformer-attention.ts";
import { standardOperations, type OperationSet } from "../operations/standard-operations.ts";
import { checkOperations } from "./check-operations.ts";
import { eliminateDeadNodes } from "./eliminate-dead-nodes.ts";
import { lowerLongformerAttention } from "./lower-longformer-attention.ts";
import { mergeDuplicates } from "./merge-duplicates.ts";
import { runPasses, type Pass } from "./pass.ts";

/** What a runtime lacks, and how to do without it. */
export interface LowerToOptions {
  /** For messages: whose operations these are. */
  readonly runtime: string;
  /** The definitions that the graph is checked by. Default: `standardOperations`. */
  readonly operations?: OperationSet;
  /** How to do without an operation, by its name; these go before the ones core knows. */
  readonly lowerings?: Readonly<Record<string, Pass>>;
}

/**
 * The graph in the operations that a runtime has: what it lacks is lowered where a lowering exists.
 * @throws LongspanError `operation-unsupported` for an operation that is left, with its node.
 */
export function lowerTo(
  graph: Graph,
  supported: readonly string[],
  { runtime, operations = standardOperations, lowerings = {} }: LowerToOptions,
): Graph {
  const available: Readonly<Record<string, Pass>> = { [longformerAttention.name]: lowerLongformerAttention(), ...lowerings };
  const lacking = Object.entries(available).filter(
    ([name]) => !supported.includes(name) && graph.nodes.some((node) => node.operation === name),
  );
  const lowered =
    lacking.length === 0 ? graph : runPasses(graph, [...lacking.map(([, pass]) => pass), mergeDuplicates, eliminateDeadNodes], operations);
  checkOperations(lowered, supported, runtime);
  return lowered;
}
