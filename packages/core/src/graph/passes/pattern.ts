import type { Attributes } from "../attributes.ts";
import { graphValues, type Graph, type GraphNode } from "../graph.ts";
import type { Operation } from "../operation.ts";
import type { Value } from "../value.ts";

/** A tree of operations to look for, from its last node backwards. */
export type Pattern = ValuePattern | NodePattern;

/** Any value; it gets a name. The same name twice means the same value. */
export interface ValuePattern {
  /** Tells it from a pattern of a node. */
  readonly kind: "value";
  /** Under which the match has the value; twice in a pattern, it has to be the same value. */
  readonly name: string;
}

/** Fits the output of a node. */
export interface NodePattern {
  /** Tells it from a pattern of a value. */
  readonly kind: "node";
  /** The operation's name. */
  readonly operation: string;
  /** One for each input of the node: as many, no fewer. */
  readonly inputs: readonly Pattern[];
  /** Asked of the node's attributes. Default: any are right. */
  readonly where?: ((attributes: Attributes) => boolean) | undefined;
  /** Under which the match has the node. Default: none. */
  readonly name?: string | undefined;
}

/** A pattern that fits any value, and says under which name the match tells it. */
export function anyValue(name: string): ValuePattern {
  return { kind: "value", name };
}

/** A pattern that fits the output of a node of that operation, where `where` allows its attributes. */
export function nodeOf(
  operation: string,
  inputs: readonly Pattern[],
  options: { readonly name?: string; readonly where?: (attributes: Attributes) => boolean } = {},
): NodePattern {
  return { kind: "node", operation, inputs, ...options };
}

/** A pattern that fits the output of any node of that operation; the match tells its inputs under the names of the operands. */
export function anyNodeOf({ name, operands }: Pick<Operation, "name" | "operands">): NodePattern {
  return nodeOf(
    name,
    operands.map((operand) => anyValue(operand.name)),
  );
}

/** What a graph's values are and where they go; made once for many matches. */
export interface GraphIndex {
  /** All values of the graph, by name. */
  readonly values: ReadonlyMap<string, Value>;
  /** The node that makes a value. */
  readonly makers: ReadonlyMap<string, GraphNode>;
  /** How often a value is used, by nodes and as an output. */
  readonly uses: ReadonlyMap<string, number>;
}

/** An index of a graph, for `matchPattern`. */
export function indexGraph(graph: Graph): GraphIndex {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output.name, node] as const)));
  const uses = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map((output) => output.value)]) {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return { values: graphValues(graph), makers, uses };
}

/** Where a pattern stands in a graph. */
export interface PatternMatch {
  /** The node the pattern ends in. */
  readonly root: GraphNode;
  /** By the names in the pattern. */
  readonly values: ReadonlyMap<string, Value>;
  /** The nodes that the pattern names, by those names. */
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** All nodes of the match but the root: nothing else uses what they make. */
  readonly interior: readonly GraphNode[];
}

/** The match that ends in `root`, if there is one. Interior nodes match only if their output is used once, within the match. */
export function matchPattern(pattern: NodePattern, root: GraphNode, index: GraphIndex): PatternMatch | undefined {
  const values = new Map<string, Value>();
  const nodes = new Map<string, GraphNode>();
  const interior: GraphNode[] = [];
  return matchNode(pattern, root) ? { root, values, nodes, interior } : undefined;

  function matchNode(wanted: NodePattern, node: GraphNode): boolean {
    if (node.operation !== wanted.operation || node.inputs.length !== wanted.inputs.length) return false;
    if (wanted.where !== undefined && !wanted.where(node.attributes)) return false;
    if (wanted.name !== undefined) nodes.set(wanted.name, node);
    return wanted.inputs.every((inner, at) => matchValue(inner, node.inputs[at] ?? ""));
  }

  function matchValue(wanted: Pattern, name: string): boolean {
    if (wanted.kind === "value") {
      const value = index.values.get(name);
      const known = values.get(wanted.name);
      if (value === undefined || (known !== undefined && known !== value)) return false;
      values.set(wanted.name, value);
      return true;
    }
    const maker = index.makers.get(name);
    if (maker === undefined || maker.outputs.length !== 1 || index.uses.get(name) !== 1) return false;
    interior.push(maker);
    return matchNode(wanted, maker);
  }
}
