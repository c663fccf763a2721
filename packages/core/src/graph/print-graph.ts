import { graphValues, type Graph, type GraphInput, type GraphNode } from "./graph.ts";
import { formatType, type Value } from "./value.ts";

/**
 * A graph as text, one line a value:
 *
 *     graph "name"
 *       input     input_ids: int32[batch, sequence] in 0…59
 *       parameter qa_outputs.weight: float32[2, 16]
 *       logits: float32[batch, sequence, 2] = linear(hidden, qa_outputs.weight, qa_outputs.bias)
 *       output    start_logits = start
 */
export function printGraph(graph: Graph): string {
  const lines = [
    `graph ${JSON.stringify(graph.name)}`,
    ...graph.inputs.map((input) => `  input     ${printInput(input)}`),
    ...graph.parameters.map((parameter) => `  parameter ${printValue(parameter)}`),
    ...graph.nodes.map(
      (node) => `  ${node.outputs.map(printValue).join(", ")} = ${node.operation}(${node.inputs.join(", ")})${printAttributes(node)}`,
    ),
    ...graph.outputs.map((output) => `  output    ${output.name}${output.name === output.value ? "" : ` = ${output.value}`}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** A node with the types of its inputs, for messages: line by line. */
export function nodeLines(node: GraphNode, graph: Graph): string[] {
  const values = graphValues(graph);
  const inputs = node.inputs.map((name) => {
    const value = values.get(name);
    return value === undefined ? `    ${name}: unknown` : `    ${printValue(value)}`;
  });
  return [`  ${node.outputs.map(printValue).join(", ") || "nothing"} = ${node.operation}${printAttributes(node)} of`, ...inputs];
}

function printValue(value: Value): string {
  return `${value.name}: ${formatType(value)}`;
}

function printInput(input: GraphInput): string {
  const range = input.range === undefined ? "" : ` in ${input.range.minimum}…${input.range.maximum}`;
  return printValue(input) + range;
}

const maxListLength = 8;

function printAttributes(node: GraphNode): string {
  const entries = Object.entries(node.attributes).map(([name, value]) => `${name}: ${printAttribute(value)}`);
  return entries.length === 0 ? "" : ` { ${entries.join(", ")} }`;
}

function printAttribute(value: GraphNode["attributes"][string]): string {
  if (typeof value !== "object") return String(value);
  const more = value.length > maxListLength ? `, … ${value.length} in all` : "";
  return `[${value.slice(0, maxListLength).join(", ")}${more}]`;
}
