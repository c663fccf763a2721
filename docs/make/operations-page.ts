import { buildGraph, formatType, standardOperations, type Attributes, type Operation } from "@longspan/core/graph";
import { operationCases } from "@longspan/core/testing";

/** The catalogue of the graph's operations: what each takes, gives and computes, with one of the cases that every runtime is tested on. */
export function operationsPage(): string {
  return `# Operations

A graph's nodes are these operations; \`operations.linear\` and so on in \`@longspan/core/graph\`. What a node takes is checked by the compiler, and when it is made:

\`\`\`ts
import { buildGraph, operations, printGraph } from "@longspan/core/graph";

const graph = buildGraph("classifier", (builder) => {
  const hidden = builder.input("hidden", "float32", ["batch", 768]);
  const weight = builder.parameter("classifier.weight", [9, 768]);
  const bias = builder.parameter("classifier.bias", [9]);
  const active = builder.apply(operations.activation, [hidden], { function: "tanh" });
  builder.output("logits", builder.apply(operations.linear, [active, weight, bias]));
});
console.log(printGraph(graph));
\`\`\`

Shapes are lists of dimensions, numbers or expressions over symbols such as \`batch\`; tensors are in C order.

${[...standardOperations.values()]
  .toSorted((left, right) => (left.name < right.name ? -1 : 1))
  .map(section)
  .join("\n")}`;
}

function section(operation: Operation): string {
  const { name, formula, operands, attributes, rules } = operation;
  const inputs = operands.map(
    ({ name: operand, dataTypes, count }) =>
      `| ${operand} | ${dataTypes.join(", ")} |${count === "optional" ? " may be left out" : count === "repeated" ? " one or more" : ""} |`,
  );
  const given = attributes.map(
    ({ name: attribute, expects, optional }) => `| ${attribute} | ${expects} |${optional ? " may be left out" : ""} |`,
  );
  return [
    `## ${name}\n`,
    `\`\`\`text\n${formula}\n\`\`\`\n`,
    inputs.length === 0 ? "No inputs.\n" : table("input", "data types", inputs),
    given.length === 0 ? "No attributes.\n" : table("attribute", "what it is", given),
    rules.length === 0 ? "" : `Legal where\n\n${rules.map((rule) => `- ${rule}`).join("\n")}\n`,
    example(operation),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function table(first: string, second: string, rows: readonly string[]): string {
  return `| ${first} | ${second} | |\n|---|---|---|\n${rows.join("\n")}\n`;
}

function example(operation: Operation): string {
  const found = operationCases.find((one) => one.operation.name === operation.name);
  if (found === undefined) throw new Error(`No case shows the operation ${operation.name}: add one to operation-cases.ts.`);
  let shown = "";
  buildGraph("example", (builder) => {
    const values = found.inputs.map(({ dataType, shape }, index) => builder.input(`input_${index}`, dataType, shape));
    const outputs = builder.node(operation, values, found.attributes);
    const inputs = values.map(
      (value, index) => `${operation.operands[Math.min(index, operation.operands.length - 1)]?.name}: ${formatType(value)}`,
    );
    shown = `${operation.name}(${[...inputs, ...printAttributes(found.attributes)].join(", ")}) → ${outputs.map(formatType).join(", ")}`;
    for (const [index, output] of outputs.entries()) builder.output(`output_${index}`, output);
  });
  return `For example\n\n\`\`\`text\n${shown}\n\`\`\`\n`;
}

function printAttributes(attributes: Attributes): readonly string[] {
  return Object.entries(attributes).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
}
