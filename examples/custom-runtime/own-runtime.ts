import { LongspanError } from "@longspan/core";
import { bindSymbols, standardOperations, type Graph, type GraphNode, type GraphTensor } from "@longspan/core/graph";
import { chosenDataType, createSession, defineRuntime, fitGraph, readParameters, type Runtime } from "@longspan/core/runtime";
import { linear } from "./linear.ts";

/** Computes linear layers itself, and everything else by the operations' own definitions. As the default export, `longspan run --runtime ./own-runtime.ts` takes it. */
export default function ownRuntime(): Runtime {
  const name = "own";
  const capabilities = { operations: [...standardOperations.keys()], dataTypes: ["float32"], attentionWeights: true } as const;
  return defineRuntime({
    name,
    capabilities,
    async prepare(graph, weights, options) {
      const fitted = fitGraph(graph, { name, capabilities }); // what is not in `operations` is lowered, or refused by name
      chosenDataType({ name, capabilities }, options);
      const parameters = new Map<string, GraphTensor>();
      for await (const { parameter, data } of readParameters(fitted, weights, options))
        parameters.set(parameter.name, { dataType: "float32", shape: parameter.shape, data });
      return createSession({
        graph,
        fitted,
        device: "cpu",
        async execute(part, { tensors, dimensions }, { signal, onProgress }) {
          const values = new Map([...parameters, ...tensors]);
          for (const [index, node] of part.nodes.entries()) {
            await new Promise((resume) => setImmediate(resume)); // lets an abort arrive
            if (signal?.aborted === true) throw new LongspanError("aborted", "Interrupted.", { cause: signal.reason });
            for (const [at, tensor] of compute(node, values, dimensions).entries()) {
              const output = node.outputs[at];
              if (output === undefined) throw new TypeError(`${node.operation} has no output ${at}`);
              bindSymbols(output.shape, tensor.shape, dimensions);
              values.set(output.name, tensor);
            }
            onProgress?.({ stage: "run", item: node.operation, done: index + 1, total: part.nodes.length, unit: "steps" });
          }
          return outputsOf(part, values);
        },
        free: () => parameters.clear(),
      });
    },
  });
}

function compute(node: GraphNode, values: ReadonlyMap<string, GraphTensor>, dimensions: Map<string, number>): readonly GraphTensor[] {
  const inputs = node.inputs.flatMap((name) => values.get(name) ?? []);
  const [x, weight, bias] = inputs;
  if (node.operation === "linear" && x?.dataType === "float32" && weight?.dataType === "float32" && bias?.dataType !== "int32") {
    const [columns = 0, inner = 0] = weight.shape;
    const data = linear(x.data, weight.data, bias?.dataType === "float32" ? bias.data : undefined, inner);
    return [{ dataType: "float32", shape: [...x.shape.slice(0, -1), columns], data }];
  }
  return standardOperations.get(node.operation)?.evaluate(inputs, node.attributes, dimensions) ?? [];
}

/** Outputs are the caller's: copies, since a value may be a weight or an input. */
function outputsOf(graph: Graph, values: ReadonlyMap<string, GraphTensor>): Record<string, GraphTensor> {
  return Object.fromEntries(
    graph.outputs.map(({ name, value }) => {
      const tensor = values.get(value);
      if (tensor === undefined) throw new TypeError(`${value} was never computed`);
      return [name, structuredClone(tensor)];
    }),
  );
}
