import { LongspanError } from "../../errors/longspan-error.ts";
import type { Graph } from "../graph.ts";
import { longformerAttention } from "../operations/longformer-attention.ts";
import { standardOperations, type OperationSet } from "../operations/standard-operations.ts";
import { nodeLines } from "../print-graph.ts";
import { eliminateDeadNodes } from "./eliminate-dead-nodes.ts";
import { lowerLongformerAttention } from "./lower-longformer-attention.ts";
import { mergeDuplicates } from "./merge-duplicates.ts";
import { runPasses, type Pass } from "./pass.ts";

/** What a runtime lacks, and how to do without it. */
export interface LowerToOptions {
  /** For messages: whose operations these are. */
  readonly runtime: string;
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
  const foreign = lowered.nodes.find((node) => !supported.includes(node.operation));
  if (foreign === undefined) return lowered;
  throw new LongspanError(
    "operation-unsupported",
    [
      `The runtime "${runtime}" has no operation "${foreign.operation}", and nothing lowers it to others. Graph "${graph.name}" uses it in`,
      ...nodeLines(foreign, lowered),
      "Use another runtime, or give a pass that lowers it.",
    ],
    { details: { runtime, operation: foreign.operation, supported: [...supported] } },
  );
}
