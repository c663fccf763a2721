import { checkName } from "../arguments/check-name.ts";
import { checkText } from "../arguments/check-text.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import type { Attributes, NoAttributes } from "./attributes.ts";
import { formatShape, sameShape, type Shape } from "./dimension.ts";
import {
  graphValues,
  type Graph,
  type GraphInput,
  type GraphNode,
  type GraphOutput,
  type GraphParameter,
  type InputRange,
} from "./graph.ts";
import type { Operation } from "./operation.ts";
import { standardOperations, type OperationSet } from "./operations/standard-operations.ts";
import { nodeLines } from "./print-graph.ts";
import { shownValue } from "../text/shown-value.ts";
import { validateGraph } from "./validate-graph.ts";
import { formatType, type GraphDataType, type Value } from "./value.ts";

/** What a node is given: what its operation says, or any values where it is a plain `Operation`. */
export type NodeInputs<Inputs extends readonly (Value | undefined)[]> = [Inputs] extends [never] ? readonly Value[] : Readonly<Inputs>;

/** The attributes of a node, which may be left out where none is required, and its name. */
export type AttributesAndName<Given extends object> = [Given] extends [never]
  ? [attributes?: Attributes, name?: string]
  : NoneRequired<Given> extends true
    ? [attributes?: Given, name?: string]
    : [attributes: Given, name?: string];

/** Whether the attributes may be left out altogether. */
type NoneRequired<Given extends object> = Given extends NoAttributes ? true : object extends Given ? true : false;

/** Adds to one graph, value by value. Values of one graph must not be used in another. */
export interface GraphBuilder {
  /** The input of that name; a second call with the same name and type gives the same value. */
  input(name: string, dataType: GraphDataType, shape: Shape, range?: InputRange): Value;
  /** The weight of that canonical name; a second call with the same shape gives the same value (tied weights). */
  parameter(name: string, shape: readonly number[]): GraphParameter;
  /**
   * All outputs of an operation. What it takes follows from its definition, and does not compile otherwise. `name` is for people: the first output is called so where the name is free.
   * @throws LongspanError `graph-invalid` at once when the node breaks a rule of its operation.
   */
  node<Inputs extends readonly (Value | undefined)[], Given extends object>(
    operation: Operation<Inputs, Given>,
    inputs: NodeInputs<Inputs>,
    ...more: AttributesAndName<Given>
  ): readonly Value[];
  /** The first output of an operation. As for `node`. */
  apply<Inputs extends readonly (Value | undefined)[], Given extends object>(
    operation: Operation<Inputs, Given>,
    inputs: NodeInputs<Inputs>,
    ...more: AttributesAndName<Given>
  ): Value;
  /** Takes over a node as it is, under its own names: for passes. */
  copy(node: GraphNode): void;
  /** Makes a value an output. */
  output(name: string, value: Value): void;
  /** What names made inside `build` start with: `encoder.layer.0`. */
  scope<Result>(name: string, build: () => Result): Result;
  /** The graph so far, as it is: for passes, which check what they end with. */
  draft(): Graph;
  /** The graph so far, validated. */
  finish(): Graph;
}

/** Builds a graph. @throws LongspanError `graph-invalid`; `argument-invalid` for what is no function, operation or value. */
export function buildGraph(
  name: string,
  build: (builder: GraphBuilder) => void,
  options: { readonly operations?: OperationSet } = {},
): Graph {
  checkText(name, "The name of a graph", "twice");
  checkBuild(build, "buildGraph(name, (builder) => { … })");
  const builder = createGraphBuilder({ name, inputs: [], parameters: [], nodes: [], outputs: [] }, options.operations);
  build(builder);
  return builder.finish();
}

/**
 * A graph with something added: `values` holds everything the given graph has, by its output names and by its values' names.
 * @throws LongspanError `graph-invalid`; `argument-invalid` for a name the graph lacks.
 */
export function extendGraph(
  graph: Graph,
  build: (builder: GraphBuilder, value: (name: string) => Value) => void,
  options: { readonly operations?: OperationSet; readonly name?: string } = {},
): Graph {
  if (!Array.isArray(Object(graph).nodes))
    throw new LongspanError(
      "argument-invalid",
      `What is extended is a graph, not ${shownValue(graph)}: checkpointModel(checkpoint).graph.`,
    );
  checkBuild(build, "extendGraph(graph, (builder, value) => { … })");
  const builder = createGraphBuilder({ ...graph, name: options.name ?? graph.name }, options.operations);
  const values = graphValues(graph);
  build(builder, (name) => {
    const output = graph.outputs.find((candidate) => candidate.name === name);
    const value = values.get(output?.value ?? name);
    if (value === undefined) {
      const names = graph.outputs.map((candidate) => candidate.name).join(", ");
      throw new LongspanError("argument-invalid", `Graph "${graph.name}" has no value "${name}"; its outputs are ${names}.`, {
        details: { value: name },
      });
    }
    return value;
  });
  return builder.finish();
}

function checkBuild(build: unknown, call: string): void {
  if (typeof build === "function") return;
  throw new LongspanError("argument-invalid", `A graph is built by a function, not by ${shownValue(build)}: write ${call}.`);
}

/** What callers without a compiler may have written for a node. */
function checkNode(operation: unknown, operands: unknown, operations: OperationSet): void {
  if (typeof operation === "string") checkName("operation", operation, [...operations.keys()]);
  if (typeof operation !== "object" || operation === null || !("outputTypes" in operation))
    throw new LongspanError(
      "argument-invalid",
      typeof operation === "string"
        ? `An operation is given itself, not by its name: write operations.${operation}.`
        : `What is applied is no operation but ${shownValue(operation)}. Take one of operations: ${[...operations.keys()].join(", ")}.`,
    );
  const name = String(Object(operation).name);
  if (!Array.isArray(operands))
    throw new LongspanError(
      "argument-invalid",
      `The inputs of ${name} are a list of values: write builder.apply(operations.${name}, [x]).`,
    );
  for (const operand of operands) checkValue(operand, `An input of ${name}`);
}

function checkValue(value: unknown, what: string): void {
  if (Array.isArray(Object(value).shape) && typeof Object(value).name === "string") return;
  throw new LongspanError(
    "argument-invalid",
    `${what} is ${shownValue(value)}; it is a value of the graph, as builder.input, builder.parameter and builder.apply give them.`,
  );
}

/** A builder that goes on where a graph ends. Names in `reserved` are not given to new values. */
export function createGraphBuilder(
  start: Graph,
  operations: OperationSet = standardOperations,
  reserved: Iterable<string> = [],
): GraphBuilder {
  const inputs: GraphInput[] = [...start.inputs];
  const parameters: GraphParameter[] = [...start.parameters];
  const nodes: GraphNode[] = [...start.nodes];
  const outputs: GraphOutput[] = [...start.outputs];
  const names = new Set([...reserved, ...graphValues(start).keys()]);
  const scopes: string[] = [];

  const freshName = (wanted: string): string => {
    const base = [...scopes, wanted].join(".");
    let name = base;
    for (let count = 2; names.has(name); count++) name = `${base}#${count}`;
    names.add(name);
    return name;
  };

  const addNode = (operation: Operation, operands: readonly Value[], attributes: Attributes = {}, name?: string): readonly Value[] => {
    checkNode(operation, operands, operations);
    const draft: GraphNode = { operation: operation.name, inputs: operands.map((value) => value.name), attributes, outputs: [] };
    const rule = operation.check(operands, attributes);
    if (rule !== undefined) {
      const shown = nodeLines(draft, { ...start, inputs: operands, parameters: [], nodes: [] });
      throw new LongspanError("graph-invalid", [`Graph "${start.name}": a node is illegal.`, ...shown, `  breaks the rule: ${rule}.`], {
        details: { graph: start.name, rule },
      });
    }
    const made = operation
      .outputTypes(operands, attributes)
      .map((type): Value => ({ name: freshName(name ?? operation.name), dataType: type.dataType, shape: type.shape }));
    nodes.push({ ...draft, outputs: made });
    return made;
  };

  const builder: GraphBuilder = {
    input(name, dataType, shape, range) {
      const known = inputs.find((input) => input.name === name);
      if (known !== undefined) {
        if (known.dataType === dataType && sameShape(known.shape, shape)) return known;
        throw new LongspanError(
          "graph-invalid",
          `Input "${name}" is ${formatType(known)} in graph "${start.name}" and was asked for as ${formatType({ dataType, shape })}.`,
        );
      }
      const input: GraphInput = { name, dataType, shape, ...(range === undefined ? {} : { range }) };
      names.add(name);
      inputs.push(input);
      return input;
    },
    parameter(name, shape) {
      const known = parameters.find((parameter) => parameter.name === name);
      if (known !== undefined) {
        if (sameShape(known.shape, shape)) return known;
        throw new LongspanError(
          "graph-invalid",
          `Parameter "${name}" has shape ${formatShape(known.shape)} in graph "${start.name}" and was asked for with ${formatShape(shape)}.`,
        );
      }
      const parameter: GraphParameter = { name, dataType: "float32", shape };
      names.add(name);
      parameters.push(parameter);
      return parameter;
    },
    node: (operation, operands, ...more) => addNode(operation, operands as readonly Value[], ...(more as AttributesAndName<never>)),
    apply(operation, operands, ...more) {
      const [first] = addNode(operation, operands as readonly Value[], ...(more as AttributesAndName<never>));
      if (first === undefined) throw new LongspanError("graph-invalid", `The operation ${operation.name} has no output.`);
      return first;
    },
    copy(node) {
      nodes.push(node);
    },
    output(name, value) {
      checkValue(value, `The output "${name}"`);
      outputs.push({ name, value: value.name });
    },
    scope(name, build) {
      scopes.push(name);
      try {
        return build();
      } finally {
        scopes.pop();
      }
    },
    draft: () => ({ name: start.name, inputs: [...inputs], parameters: [...parameters], nodes: [...nodes], outputs: [...outputs] }),
    finish() {
      const graph = builder.draft();
      validateGraph(graph, operations);
      return graph;
    },
  };
  return builder;
}
