import { checkOptions, type OptionNames } from "../arguments/check-options.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { bindSymbols, evaluateShape, formatShape, sameShape } from "../graph/dimension.ts";
import type { Graph, GraphNode } from "../graph/graph.ts";
import { standardOperations, type OperationSet } from "../graph/operations/standard-operations.ts";
import type { GraphTensor, Value } from "../graph/value.ts";
import { createSession } from "./create-session.ts";
import { chosenDataType, fitGraph } from "./fit-graph.ts";
import { readParameters } from "./read-parameters.ts";
import type { PrepareOptions, ProfiledStep, RunOptions, Runtime, RuntimeCapabilities, SessionProfile, Weights } from "./runtime.ts";

/** What `referenceRuntime` takes. */
export interface ReferenceRuntimeOptions {
  /** Default: the standard operations. Add your own to try them: each brings its meaning in TypeScript. */
  readonly operations?: OperationSet | undefined;
}

/**
 * Runs graphs by the operations' own definitions: float32 values, sums in float64, nothing clever, so that it is the truth that other
 * runtimes are held to. Linear in the sequence length. Needs nothing but JavaScript, and runs on the calling thread, which it lets go
 * from time to time.
 */
export function referenceRuntime(options: ReferenceRuntimeOptions = {}): Runtime {
  checkOptions(options, { operations: true } satisfies OptionNames<ReferenceRuntimeOptions>, "referenceRuntime");
  const { operations = standardOperations } = options;
  const name = "reference";
  const capabilities: RuntimeCapabilities = { operations: [...operations.keys()], dataTypes: ["float32"], attentionWeights: true };
  return {
    specificationVersion: 1,
    name,
    capabilities,
    async prepare(graph, weights, options) {
      const fitted = fitGraph(graph, { name, capabilities }, { operations });
      chosenDataType({ name, capabilities }, options);
      const parameters = await readAll(fitted, weights, options);
      const device = "cpu";
      let profile: SessionProfile | undefined;
      return createSession({
        graph,
        fitted,
        device,
        execute: async (part, { tensors, dimensions }, run) => {
          const started = performance.now();
          const steps: ProfiledStep[] = [];
          const outputs = await interpret(part, new Map([...parameters, ...tensors]), dimensions, operations, run, steps);
          const milliseconds = performance.now() - started;
          profile =
            options?.profile === "run"
              ? { device, milliseconds, steps: [], deviceMilliseconds: milliseconds }
              : { device, milliseconds, steps };
          return outputs;
        },
        ...((options?.profile ?? false) !== false ? { profile: () => profile } : {}),
        free: () => parameters.clear(),
      });
    },
  };
}

async function readAll(graph: Graph, weights: Weights, options: PrepareOptions | undefined): Promise<Map<string, GraphTensor>> {
  const parameters = new Map<string, GraphTensor>();
  for await (const { parameter, data } of readParameters(graph, weights, options)) {
    parameters.set(parameter.name, { dataType: "float32", shape: parameter.shape, data });
  }
  return parameters;
}

/**
 * Executes the nodes in order; `values` has the inputs and parameters, and gets everything else as long as it is needed. What each took is
 * added to `steps`.
 */
async function interpret(
  graph: Graph,
  values: Map<string, GraphTensor>,
  dimensions: Map<string, number>,
  operations: OperationSet,
  { signal, onProgress }: RunOptions,
  steps: ProfiledStep[],
): Promise<Record<string, GraphTensor>> {
  const lastUses = lastUsesOf(graph);
  let pausedAt = Number.NEGATIVE_INFINITY;
  for (const [index, node] of graph.nodes.entries()) {
    if (performance.now() - pausedAt > maxBusyMilliseconds) {
      await new Promise((resume) => setTimeout(resume, 0));
      pausedAt = performance.now();
    }
    throwIfAborted(signal);
    const started = performance.now();
    execute(node, values, dimensions, operations);
    const milliseconds = performance.now() - started;
    const made = node.outputs[0]?.name ?? node.operation;
    steps.push({ node: made, kernel: node.operation, milliseconds, floatingPointOperations: 0, bytes: 0 });
    for (const name of lastUses.get(index) ?? []) values.delete(name);
    onProgress?.({
      stage: "run",
      item: made,
      done: index + 1,
      total: graph.nodes.length,
      unit: "steps",
    });
  }
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, copyOf(values.get(value), value)]));
}

/** Milliseconds after which a run lets go of the thread, between two nodes. */
const maxBusyMilliseconds = 12;

function execute(node: GraphNode, values: Map<string, GraphTensor>, dimensions: Map<string, number>, operations: OperationSet): void {
  const inputs = node.inputs.flatMap((name) => values.get(name) ?? []);
  const tensors = evaluated(node, inputs, dimensions, operations);
  const results = node.outputs.map((output, at) => {
    const tensor = tensors[at];
    if (tensor === undefined) throw new TypeError(`${node.operation} gave no output ${at}`);
    return { output, tensor };
  });
  for (const { output, tensor } of results) bindSymbols(output.shape, tensor.shape, dimensions);
  for (const { output, tensor } of results) {
    checkResult(output, tensor, dimensions);
    values.set(output.name, tensor);
  }
}

/** What engines say of an array that they have no memory for: V8 and SpiderMonkey, and JavaScriptCore. */
const noRoom = /allocation failed|(?:array|buffer) (?:length|size)|out of memory|length larger/i;

function evaluated(
  { operation, outputs, attributes }: GraphNode,
  inputs: readonly GraphTensor[],
  dimensions: Map<string, number>,
  operations: OperationSet,
): readonly GraphTensor[] {
  try {
    return operations.get(operation)?.evaluate(inputs, attributes, dimensions) ?? [];
  } catch (cause) {
    if (!(cause instanceof RangeError && noRoom.test(cause.message))) throw cause;
    const node = outputs[0]?.name ?? operation;
    throw new LongspanError(
      "out-of-memory",
      `There was not enough memory for ${node} (${operation}: ${cause.message}). Give shorter or fewer rows at once, or ask for fewer outputs.`,
      { details: { node }, cause },
    );
  }
}

/** Holds every operation to its own shape rule. */
function checkResult(output: Value, result: GraphTensor, dimensions: ReadonlyMap<string, number>): void {
  const expected = evaluateShape(output.shape, dimensions);
  if (sameShape(expected, result.shape)) return;
  throw new LongspanError(
    "graph-invalid",
    `The value ${output.name} came out as ${formatShape(result.shape)}, where its type ${formatShape(output.shape)} says ${formatShape(expected)}.`,
    {
      details: { value: output.name, expected, found: result.shape },
    },
  );
}

/** For each node, the values that nothing after it needs. */
function lastUsesOf(graph: Graph): ReadonlyMap<number, readonly string[]> {
  const kept = new Set(graph.outputs.map((output) => output.value));
  const last = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries())
    for (const name of [...node.inputs, ...node.outputs.map((output) => output.name)]) last.set(name, index);
  return Map.groupBy(
    [...last.keys()].filter((name) => !kept.has(name)),
    (name) => last.get(name) ?? 0,
  );
}

/** Outputs are the caller's: never the memory of a weight or an input, nor of another output. */
function copyOf(tensor: GraphTensor | undefined, name: string): GraphTensor {
  if (tensor === undefined) throw new TypeError(`the value ${name} was never computed`);
  if (tensor.dataType === "float32") return { ...tensor, data: tensor.data.slice() };
  if (tensor.dataType === "int32") return { ...tensor, data: tensor.data.slice() };
  return { ...tensor, data: tensor.data.slice() };
}
