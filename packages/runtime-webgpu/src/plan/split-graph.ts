import { LongspanError } from "@longspan/core";
import { bindSymbols, dimensionSymbols, type Graph, type GraphNode, type GraphTensor, type OperationSet } from "@longspan/core/graph";
import { required } from "../kernel/required.ts";
import type { KernelTable, OperationKernels } from "../kernel/operation-kernels.ts";
import { float16Activations } from "./float16-values.ts";

/** A node and where it runs. Without kernels it is computed on the host, or is a reshape, which only renames memory. */
export type PlacedNode =
  | { readonly place: "host"; readonly node: GraphNode }
  | { readonly place: "device"; readonly node: GraphNode; readonly kernels: OperationKernels }
  | { readonly place: "alias"; readonly node: GraphNode };

/** A graph in two parts: what the host computes before a run is planned, and what the device computes. */
export interface SplitGraph {
  readonly graph: Graph;
  /** In order. */
  readonly nodes: readonly PlacedNode[];
  /** The values the host knows before the device starts: inputs, and what is computed of them on the host. */
  readonly hostValues: ReadonlySet<string>;
  /** What the device computes that lies in its memory as float16. */
  readonly halved: ReadonlySet<string>;
  /** Of the nodes those that `evaluateHostPart` goes through before each run: the host's, and the device's that bring symbols into the graph. */
  readonly evaluated: readonly PlacedNode[];
  /** What `planKeyOf` asks before each run: one node for all that would say the same. */
  readonly keyed: readonly DeviceNode[];
}

type DeviceNode = Extract<PlacedNode, { place: "device" }>;

export interface SplitOptions {
  /** Whether what kernels pass on to each other lies in memory as float16, where they can. Default: false. */
  readonly halveActivations?: boolean | undefined;
}

/** What only the host computes: values written in the graph, those whose sizes depend on contents, and what is fused for it. */
export const hostOperations: readonly string[] = ["constant", "bandMask", "nonzero", "multiplySum"];

/** The operation that renames memory. */
export const aliasOperation = "reshape";

/**
 * Decides what the host computes: integers and flags that depend on nothing but the inputs, values written in the graph, and whatever
 * an operation has to know before it can be planned.
 * @throws LongspanError `operation-unsupported` when an operation has to know what depends on weights.
 */
export function splitGraph(graph: Graph, kernels: KernelTable, { halveActivations = false }: SplitOptions = {}): SplitGraph {
  const needed = neededOnHost(graph, kernels);
  const hostValues = new Set(graph.inputs.map((input) => input.name));
  const nodes = graph.nodes.map((node): PlacedNode => {
    const known = node.inputs.every((name) => hostValues.has(name));
    const wanted = node.outputs.map((output) => needed.get(output.name)).find((asking) => asking !== undefined);
    const whole = node.outputs.every((output) => output.dataType !== "float32");
    if (known && (whole || node.inputs.length === 0 || wanted !== undefined)) {
      for (const output of node.outputs) hostValues.add(output.name);
      return { place: "host", node };
    }
    if (wanted !== undefined) throw unknowable(graph, node, wanted);
    if (node.operation === aliasOperation) return { place: "alias", node };
    const own = kernels.get(node.operation);
    if (own !== undefined) {
      const unknown = (own.hostInputs ?? []).map((at) => node.inputs[at]).find((name) => name !== undefined && !hostValues.has(name));
      if (unknown !== undefined) throw unknowable(graph, node, node);
      return { place: "device", node, kernels: own };
    }
    throw unknowable(graph, node, node);
  });
  const halved = halveActivations ? float16Activations(graph, kernels) : new Set<string>();
  return { graph, nodes, hostValues, halved, evaluated: evaluatedNodes(graph, nodes), keyed: keyedNodes(nodes) };
}

function evaluatedNodes(graph: Graph, nodes: readonly PlacedNode[]): readonly PlacedNode[] {
  const symbols = new Set(graph.inputs.flatMap(({ shape }) => shape.flatMap(dimensionSymbols)));
  return nodes.filter(({ node, place }) => {
    const found = node.outputs.flatMap(({ shape }) => shape.flatMap(dimensionSymbols));
    const brings = found.some((symbol) => !symbols.has(symbol));
    for (const symbol of found) symbols.add(symbol);
    return place === "host" || (place === "device" && brings);
  });
}

function keyedNodes(nodes: readonly PlacedNode[]): readonly DeviceNode[] {
  const keyed = new Map<string, DeviceNode>();
  for (const placed of nodes) {
    if (placed.place !== "device" || placed.kernels.planKey === undefined) continue;
    const { node, kernels } = placed;
    const asked = [node.operation, ...(kernels.hostInputs ?? []).map((at) => node.inputs[at])].join(" ");
    if (!keyed.has(asked)) keyed.set(asked, placed);
  }
  return [...keyed.values()];
}

/** The values that have to be known to the host, each with the node that asks for it. */
function neededOnHost(graph: Graph, kernels: KernelTable): ReadonlyMap<string, GraphNode> {
  const needed = new Map<string, GraphNode>();
  for (const node of graph.nodes.toReversed()) {
    const asking = node.outputs.map((output) => needed.get(output.name)).find((found) => found !== undefined);
    const whole = asking ?? (hostOperations.includes(node.operation) ? node : undefined);
    if (whole === undefined) for (const at of kernels.get(node.operation)?.hostInputs ?? []) needed.set(node.inputs[at] ?? "", node);
    else for (const name of node.inputs) needed.set(name, whole);
  }
  return needed;
}

function unknowable(graph: Graph, node: GraphNode, asking: GraphNode): LongspanError {
  return new LongspanError(
    "operation-unsupported",
    `The runtime "webgpu" has to know the inputs of ${asking.operation} (the node ${asking.outputs[0]?.name}) before the GPU starts, but ${node.outputs[0]?.name} depends on weights. Compute it from the inputs alone, or use another runtime.`,
    { details: { runtime: "webgpu", operation: asking.operation, node: asking.outputs[0]?.name, graph: graph.name } },
  );
}

/**
 * Computes the host's part for one run, and gives every symbol its number: `dimensions` has those of the inputs, and gets the rest.
 * @returns every value the host knows, the inputs among them.
 */
export function evaluateHostPart(
  { evaluated }: SplitGraph,
  inputs: ReadonlyMap<string, GraphTensor>,
  dimensions: Map<string, number>,
  operations: OperationSet,
): ReadonlyMap<string, GraphTensor> {
  const values = new Map(inputs);
  for (const placed of evaluated) {
    const { node } = placed;
    if (placed.place === "host") {
      const given = node.inputs.flatMap((name) => values.get(name) ?? []);
      const results = operations.get(node.operation)?.evaluate(given, node.attributes, dimensions) ?? [];
      for (const [at, output] of node.outputs.entries()) {
        const result = required(results[at], output.name);
        bindSymbols(output.shape, result.shape, dimensions);
        values.set(output.name, result);
      }
    }
    if (placed.place === "device" && placed.kernels.introduced !== undefined) {
      for (const [symbol, size] of placed.kernels.introduced(node.attributes, hostInputsOf(placed, values)))
        if (!dimensions.has(symbol)) dimensions.set(symbol, size);
    }
  }
  return values;
}

/** What a device node's kernels asked to know, in the order of `hostInputs`. */
function hostInputsOf({ node, kernels }: DeviceNode, values: ReadonlyMap<string, GraphTensor>): readonly GraphTensor[] {
  return (kernels.hostInputs ?? []).flatMap((at) => values.get(node.inputs[at] ?? "") ?? []);
}

/** What tells the plans of one graph apart: the sizes, and what kernels say depends on contents. */
export function planKeyOf(
  { keyed }: SplitGraph,
  values: ReadonlyMap<string, GraphTensor>,
  dimensions: ReadonlyMap<string, number>,
): string {
  let key = "";
  for (const [symbol, size] of dimensions) key += `${symbol}=${size} `;
  for (const placed of keyed) key += `${placed.kernels.planKey?.(hostInputsOf(placed, values))} `;
  return key;
}
