import { LongspanError } from "../../errors/longspan-error.ts";
import type { Graph } from "../graph.ts";
import { standardOperations } from "../operations/standard-operations.ts";
import { eliminateDeadNodes } from "./eliminate-dead-nodes.ts";

/**
 * The graph with these outputs only, without what they do not need: `selectOutputs(graph, ["hidden_states.6"])` cuts a trunk after
 * six layers.
 * @throws LongspanError `argument-invalid` for a name the graph lacks.
 */
export function selectOutputs(graph: Graph, names: readonly string[]): Graph {
  const outputs = [...new Set(names)].map((name) => {
    const output = graph.outputs.find((candidate) => candidate.name === name);
    if (output !== undefined) return output;
    const known = graph.outputs.map((candidate) => candidate.name).join(", ");
    throw new LongspanError("argument-invalid", `Graph "${graph.name}" has no output "${name}"; it has ${known}.`, {
      details: { output: name },
    });
  });
  return eliminateDeadNodes.run({ ...graph, outputs }, standardOperations);
}
