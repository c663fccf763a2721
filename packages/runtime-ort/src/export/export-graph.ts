import { create } from "@bufbuild/protobuf";
import { LongspanError } from "@longspan/core";
import {
  eliminateDeadNodes,
  type Graph,
  graphValues,
  lowerLongformerAttention,
  mergeDuplicates,
  type OperationSet,
  runPasses,
  standardOperations,
  validateGraph,
  type Value,
  type ValueType,
} from "@longspan/core/graph";
import { GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema, type ValueInfoProto } from "../onnx/onnx_pb.ts";
import { valueInfo } from "../onnx/value-info.ts";
import type { OnnxOperand, OnnxOperationSet } from "./onnx-operations.ts";
import type { OnnxModel } from "./onnx-model.ts";
import { createOnnxWriter, type WrittenGraph } from "./create-onnx-writer.ts";
import { standardOnnxOperations } from "./standard-onnx-operations.ts";

/** Opset 17 brought LayerNormalization; IR 8 came with it. Every runtime of the last years reads both. */
const versions = { ir: 8n, opset: 17n };

/** What a graph's operations mean, and how they are written. */
export interface ExportGraphOptions {
  /** How operations are written. Default: `standardOnnxOperations`. */
  readonly onnxOperations?: OnnxOperationSet | undefined;
  /** What operations mean. Default: core's `standardOperations`. */
  readonly operations?: OperationSet | undefined;
}

/**
 * A graph as an ONNX model of opset 17, in operators of the standard domain alone, for any batch and sequence. Inputs and outputs are
 * those of the graph, in its data types; each dimension that is an expression is computed once, from the inputs' shapes.
 * @throws LongspanError `graph-invalid`; `operation-unsupported` for an operation nobody says how to write; `argument-invalid` for an output
 * with the name of an input or a weight.
 */
export function exportGraph(given: Graph, options: ExportGraphOptions = {}): OnnxModel {
  const { onnxOperations = standardOnnxOperations, operations = standardOperations } = options;
  const graph = withoutProbabilities(given, operations);
  checkNames(graph);
  const values = graphValues(graph);
  const { writer, written } = createOnnxWriter([...values.keys(), ...graph.outputs.map(({ name }) => name)]);
  const names = new Map<string, string>();
  const define = ({ shape, name }: Value, onnxName: string): void => {
    names.set(name, onnxName);
    for (const [axis, size] of shape.entries()) if (typeof size === "string") writer.bind(size, onnxName, axis);
  };
  for (const value of [...graph.inputs, ...graph.parameters]) define(value, value.name);
  for (const node of graph.nodes) {
    const write = onnxOperations.get(node.operation);
    if (write === undefined) throw unwritten(node.operation, graph);
    writer.scope(node.outputs[0]?.name ?? node.operation);
    const inputs = node.inputs.map((name): OnnxOperand => ({ ...known(values, name), name: known(names, name) }));
    const made = write(writer, { inputs, attributes: node.attributes, outputs: node.outputs });
    for (const [index, output] of node.outputs.entries()) {
      const name = made[index];
      if (name === undefined) throw new TypeError(`${node.operation} was written without its output ${index}`);
      define(output, name);
    }
  }
  return {
    model: modelOf(graph, values, names, written),
    initializers: graph.parameters.map(({ name, shape }) => ({ name, shape })),
  };
}

function modelOf(
  graph: Graph,
  values: ReadonlyMap<string, Value>,
  names: ReadonlyMap<string, string>,
  written: WrittenGraph,
): OnnxModel["model"] {
  const info = (name: string, { dataType, shape }: ValueType): ValueInfoProto => valueInfo(name, dataType, shape);
  const outputs = graph.outputs.map(({ name, value }) =>
    create(NodeProtoSchema, { name: `${name}/Identity`, opType: "Identity", input: [known(names, value)], output: [name] }),
  );
  const made = create(GraphProtoSchema, {
    name: graph.name,
    node: [...written.nodes, ...outputs],
    initializer: [...written.constants],
    input: graph.inputs.map((input) => info(input.name, input)),
    output: graph.outputs.map(({ name, value }) => info(name, known(values, value))),
    valueInfo: [...written.valueInfo],
  });
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: "", version: versions.opset })];
  return { ...create(ModelProtoSchema, { irVersion: versions.ir, opsetImport, producerName: "longspan" }), graph: made };
}

/** Attention whose probabilities are wanted is written by core's lowering, in basic operations. */
function withoutProbabilities(graph: Graph, operations: OperationSet): Graph {
  validateGraph(graph, operations);
  const isWanted = graph.nodes.some((node) => node.operation === "longformerAttention" && node.attributes.globals !== undefined);
  return isWanted ? runPasses(graph, [lowerLongformerAttention(), mergeDuplicates, eliminateDeadNodes], operations) : graph;
}

/** In ONNX outputs are values, and values have one name. */
function checkNames({ name, inputs, parameters, outputs }: Graph): void {
  const taken = new Set([...inputs, ...parameters].map((value) => value.name));
  const twice = outputs.find((output) => taken.has(output.name));
  if (twice === undefined) return;
  throw new LongspanError(
    "argument-invalid",
    `Graph "${name}" has an output called "${twice.name}", as one of its inputs or weights is; in ONNX they need different names.`,
    { details: { graph: name, output: twice.name } },
  );
}

function known<Thing>(things: ReadonlyMap<string, Thing>, name: string): Thing {
  const thing = things.get(name);
  if (thing === undefined) throw new TypeError(`a valid graph has a value ${name}`);
  return thing;
}

function unwritten(operation: string, graph: Graph): LongspanError {
  return new LongspanError(
    "operation-unsupported",
    `Nobody says how the operation "${operation}" of graph "${graph.name}" is written in ONNX. Give it in onnxOperations.`,
    { details: { operation } },
  );
}
