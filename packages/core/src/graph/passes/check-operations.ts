import { LongspanError } from "../../errors/longspan-error.ts";
import type { Graph } from "../graph.ts";
import { nodeLines } from "../print-graph.ts";

/**
 * That a runtime has all operations of a graph. `runtime` is for the message.
 * @throws LongspanError `operation-unsupported` for one that it lacks, with its node.
 */
export function checkOperations(graph: Graph, supported: readonly string[], runtime: string): void {
  const foreign = graph.nodes.find((node) => !supported.includes(node.operation));
  if (foreign === undefined) return;
  throw new LongspanError(
    "operation-unsupported",
    [
      `The runtime "${runtime}" has no operation "${foreign.operation}", and nothing lowers it to others. Graph "${graph.name}" uses it in`,
      ...nodeLines(foreign, graph),
      "Use another runtime, or give a pass that lowers it.",
    ],
    { details: { runtime, operation: foreign.operation, supported: [...supported] } },
  );
}
