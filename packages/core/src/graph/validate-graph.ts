import { LongspanError } from "../errors/longspan-error.ts";
import { dimensionSymbols, isDimension, isSymbolName, sameShape } from "./dimension.ts";
import type { Graph, GraphInput, GraphNode } from "./graph.ts";
import type { OperationSet } from "./operations/standard-operations.ts";
import { standardOperations } from "./operations/standard-operations.ts";
import { nodeLines } from "./print-graph.ts";
import { formatType, isGraphDataType, type Value } from "./value.ts";

/**
 * The specification of legal graphs, as a program: names stand once, values are made before they are used, every node keeps the rules of its
 * operation and has the output types its shape rule gives, every dimension gets its number from somewhere.
 * Runs after building, after reading from JSON and after every pass.
 * @throws LongspanError `graph-invalid`: the node with its inputs, and the rule it breaks.
 */
export function validateGraph(graph: Graph, operations: OperationSet = standardOperations): void {
  const scope = new Scope(graph);
  for (const input of graph.inputs) scope.addInput(input);
  scope.checkInputSymbols();
  for (const parameter of graph.parameters) scope.addParameter(parameter);
  for (const [index, node] of graph.nodes.entries()) scope.addNode(node, index, operations);
  scope.checkOutputs();
}

/** Where a rule is broken; a node is only printed when it is. */
type Place = string | (() => readonly string[]);

class Scope {
  readonly #graph: Graph;
  readonly #values = new Map<string, Value>();
  /** What each symbol's number is. */
  readonly #symbols = new Map<string, string>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  addInput(input: GraphInput): void {
    const where = `input "${input.name}"`;
    this.#add(input, where);
    this.#require(
      input.shape.every((size) => typeof size === "string" || size > 0),
      where,
      "no axis of an input has size 0",
    );
    for (const size of input.shape) if (typeof size === "string" && isSymbolName(size)) this.#symbols.set(size, "an input's size");
    const { range } = input;
    if (range === undefined) return;
    this.#require(input.dataType === "int32", where, "only int32 inputs have a range");
    this.#require(
      Number.isInteger(range.minimum) && Number.isInteger(range.maximum) && range.minimum <= range.maximum,
      where,
      "a range goes from an integer to one not below it",
    );
  }

  checkInputSymbols(): void {
    for (const input of this.#graph.inputs) this.#checkSymbols(input, `input "${input.name}"`);
  }

  addParameter(parameter: Value): void {
    const where = `parameter "${parameter.name}"`;
    this.#add(parameter, where);
    this.#require(parameter.dataType === "float32", where, "parameters are float32");
    this.#require(
      parameter.shape.every((size) => typeof size === "number" && size > 0),
      where,
      "the shape of a parameter is made of numbers above 0",
    );
  }

  addNode(node: GraphNode, index: number, operations: OperationSet): void {
    const where = (): string[] => [`node ${index} is illegal.`, ...nodeLines(node, this.#graph), ""];
    const operation = operations.get(node.operation);
    if (operation === undefined) throw this.#broken(where, `its operation is one of ${[...operations.keys()].join(", ")}`);
    const inputs = node.inputs.map((name) => {
      const value = this.#values.get(name);
      if (value === undefined) throw this.#broken(where, `"${name}" is an input, a parameter or made by an earlier node`);
      return value;
    });
    const rule = operation.check(inputs, node.attributes);
    if (rule !== undefined) throw this.#broken(where, rule);
    for (const { symbol, meaning } of operation.introduces(node.inputs, node.attributes)) {
      const known = this.#symbols.get(symbol) ?? meaning;
      this.#require(known === meaning, where, `the dimension "${symbol}" is one thing only: ${known}, or ${meaning}`);
      this.#symbols.set(symbol, meaning);
    }
    const types = operation.outputTypes(inputs, node.attributes);
    const fits =
      types.length === node.outputs.length &&
      types.every((type, at) => type.dataType === node.outputs[at]?.dataType && sameShape(type.shape, node.outputs[at]?.shape ?? []));
    this.#require(fits, where, `its outputs are ${types.map(formatType).join(", ")}`);
    for (const output of node.outputs) {
      this.#add(output, where);
      this.#checkSymbols(output, where);
    }
  }

  checkOutputs(): void {
    const names = new Set<string>();
    this.#require(this.#graph.outputs.length > 0, "the graph", "a graph has an output");
    for (const output of this.#graph.outputs) {
      const where = `output "${output.name}"`;
      this.#require(output.name !== "" && !names.has(output.name), where, "outputs have names, each another");
      this.#require(this.#values.has(output.value), where, `its value "${output.value}" is one of the graph`);
      names.add(output.name);
    }
  }

  #add(value: Value, where: Place): void {
    this.#require(
      value.name !== "" && !this.#values.has(value.name),
      where,
      `a value's name ("${value.name}") is not empty and stands once in a graph`,
    );
    this.#require(isGraphDataType(value.dataType), where, `data types are float32, int32 or bool, not ${value.dataType}`);
    for (const size of value.shape)
      this.#require(
        isDimension(size),
        where,
        `"${String(size)}" is a dimension: an integer, 0 or more, or an expression in canonical spelling`,
      );
    this.#values.set(value.name, value);
  }

  #checkSymbols(value: Value, where: Place): void {
    for (const symbol of value.shape.flatMap(dimensionSymbols)) {
      this.#require(this.#symbols.has(symbol), where, `the dimension "${symbol}" is an axis of an input, or introduced by an earlier node`);
    }
  }

  #require(holds: boolean, where: Place, rule: string): void {
    if (!holds) throw this.#broken(where, rule);
  }

  #broken(where: Place, rule: string): LongspanError {
    const [first, ...others] = typeof where === "string" ? [where] : where();
    const lines = [`Graph "${this.#graph.name}": ${first ?? ""}`, ...others];
    const last = `${lines.pop() ?? ""} breaks the rule: ${rule}.`;
    return new LongspanError("graph-invalid", [...lines, others.length === 0 ? last : ` ${last}`], {
      details: { graph: this.#graph.name, rule },
    });
  }
}
