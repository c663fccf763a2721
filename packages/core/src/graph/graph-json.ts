import { LongspanError } from "../errors/longspan-error.ts";
import type { AttributeValue, Attributes } from "./attributes.ts";
import { isDimension } from "./dimension.ts";
import type { Graph, GraphInput, GraphNode, GraphOutput, GraphParameter, InputRange } from "./graph.ts";
import { shownValue } from "../text/shown-value.ts";
import { standardOperations, type OperationSet } from "./operations/standard-operations.ts";
import { validateGraph } from "./validate-graph.ts";
import { isGraphDataType, type Value } from "./value.ts";

/** Written into every file; a file of another version is refused. */
const graphFormat = "longspan-graph/1";

/** A graph as a JSON value: the graph's own plain data, and the format's version. Weights are not in it. */
export function graphToJson(graph: Graph): Readonly<Record<string, unknown>> {
  const { name, inputs, parameters, nodes, outputs } = graph;
  return { format: graphFormat, name, inputs, parameters, nodes, outputs };
}

/**
 * The inverse of `graphToJson`, for JSON from anywhere: each part is checked for its form, then the whole by `validateGraph`.
 * @throws LongspanError `graph-invalid` with the place in the document.
 */
export function graphFromJson(json: unknown, operations: OperationSet = standardOperations): Graph {
  const document = object(json, "graph");
  if (document.format !== graphFormat) throw wrong("graph.format", `"${graphFormat}"`, document.format);
  const graph: Graph = {
    name: text(document.name, "graph.name"),
    inputs: list(document.inputs, "graph.inputs").map((item, index) => readInput(item, `graph.inputs[${index}]`)),
    parameters: list(document.parameters, "graph.parameters").map((item, index) => readParameter(item, `graph.parameters[${index}]`)),
    nodes: list(document.nodes, "graph.nodes").map((item, index) => readNode(item, `graph.nodes[${index}]`)),
    outputs: list(document.outputs, "graph.outputs").map((item, index) => readOutput(item, `graph.outputs[${index}]`)),
  };
  validateGraph(graph, operations);
  return graph;
}

type JsonObject = Readonly<Record<string, unknown>>;

function readInput(json: unknown, at: string): GraphInput {
  const value = readValue(json, at);
  const { range } = object(json, at);
  return range === undefined ? value : { ...value, range: readRange(range, `${at}.range`) };
}

function readRange(json: unknown, at: string): InputRange {
  const { minimum, maximum, meaning } = object(json, at);
  return { minimum: number(minimum, `${at}.minimum`), maximum: number(maximum, `${at}.maximum`), meaning: text(meaning, `${at}.meaning`) };
}

function readValue(json: unknown, at: string): Value {
  const { name, dataType, shape } = object(json, at);
  if (!isGraphDataType(dataType)) throw wrong(`${at}.dataType`, "float32, int32 or bool", dataType);
  const sizes = list(shape, `${at}.shape`).map((size, axis) => {
    if (!isDimension(size)) throw wrong(`${at}.shape[${axis}]`, "a dimension", size);
    return size;
  });
  return { name: text(name, `${at}.name`), dataType, shape: sizes };
}

function readParameter(json: unknown, at: string): GraphParameter {
  const value = readValue(json, at);
  return { ...value, shape: value.shape.map((size, axis) => number(size, `${at}.shape[${axis}]`)) };
}

function readNode(json: unknown, at: string): GraphNode {
  const { operation, inputs, attributes, outputs } = object(json, at);
  return {
    operation: text(operation, `${at}.operation`),
    inputs: list(inputs, `${at}.inputs`).map((name, index) => text(name, `${at}.inputs[${index}]`)),
    attributes: readAttributes(attributes, `${at}.attributes`),
    outputs: list(outputs, `${at}.outputs`).map((value, index) => readValue(value, `${at}.outputs[${index}]`)),
  };
}

function readOutput(json: unknown, at: string): GraphOutput {
  const { name, value } = object(json, at);
  return { name: text(name, `${at}.name`), value: text(value, `${at}.value`) };
}

function readAttributes(json: unknown, at: string): Attributes {
  return Object.fromEntries(
    Object.entries(object(json, at)).map(([name, value]): [string, AttributeValue] => {
      if (Array.isArray(value)) return [name, value.map((item: unknown, index) => scalar(item, `${at}.${name}[${index}]`))];
      return [name, typeof value === "boolean" ? value : scalar(value, `${at}.${name}`)];
    }),
  );
}

function object(value: unknown, at: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(at, "an object", value);
  return { ...value };
}

function list(value: unknown, at: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(at, "a list", value);
  return value;
}

function text(value: unknown, at: string): string {
  if (typeof value !== "string") throw wrong(at, "a string", value);
  return value;
}

function number(value: unknown, at: string): number {
  if (typeof value !== "number") throw wrong(at, "a number", value);
  return value;
}

function scalar(value: unknown, at: string): number | string {
  return typeof value === "string" ? value : number(value, at);
}

function wrong(at: string, expected: string, found: unknown): LongspanError {
  const shown = found === undefined ? "nothing" : shownValue(found);
  return new LongspanError("graph-invalid", `This is not a graph: ${at} holds ${shown}; expected ${expected}.`, { details: { at } });
}
