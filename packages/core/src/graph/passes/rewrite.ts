import { LongspanError } from "../../errors/longspan-error.ts";
import { sameShape } from "../dimension.ts";
import { graphValues, type Graph, type GraphNode } from "../graph.ts";
import { createGraphBuilder, type GraphBuilder } from "../graph-builder.ts";
import type { OperationSet } from "../operations/standard-operations.ts";
import { formatType, type Value } from "../value.ts";
import { eliminateDeadNodes } from "./eliminate-dead-nodes.ts";
import type { Pass } from "./pass.ts";
import { indexGraph, matchPattern, type NodePattern, type PatternMatch } from "./pattern.ts";

/** A pattern and what takes its place. */
export interface RewriteRule {
  /** What is replaced. */
  readonly pattern: NodePattern;
  /**
   * Builds the replacement from the match's values; returns one value for each output of the match's root, of the same type, or
   * undefined to leave this match as it is.
   */
  rewrite(builder: GraphBuilder, match: PatternMatch): readonly Value[] | undefined;
}

/** Makes the rules for one graph: a rule may remember what it built for earlier matches. */
export type RewriteRules = (graph: Graph) => readonly RewriteRule[];

/**
 * A pass that goes through the nodes once, in order, and replaces each node in which a rule's pattern ends (the first rule that
 * matches). What a replacement is made of is not matched again. Nodes nothing uses any more are dropped.
 */
export function rewritePass(name: string, rules: RewriteRules): Pass {
  return { name, run: (graph, operations) => eliminateDeadNodes.run(rewrite(graph, rules(graph), operations, name), operations) };
}

function rewrite(graph: Graph, rules: readonly RewriteRule[], operations: OperationSet, passName: string): Graph {
  const index = indexGraph(graph);
  const builder = createGraphBuilder({ ...graph, nodes: [], outputs: [] }, operations, graphValues(graph).keys());
  const replaced = new Map<string, Value>();
  const current = (name: string): string => replaced.get(name)?.name ?? name;

  for (const node of graph.nodes) {
    const replacement = applyRules(node);
    if (replacement === undefined) builder.copy({ ...node, inputs: node.inputs.map(current) });
    else
      for (const [at, output] of node.outputs.entries()) replaced.set(output.name, checkedReplacement(passName, output, replacement[at]));
  }
  return { ...builder.draft(), outputs: graph.outputs.map((output) => ({ name: output.name, value: current(output.value) })) };

  function applyRules(node: GraphNode): readonly Value[] | undefined {
    for (const rule of rules) {
      const match = matchPattern(rule.pattern, node, index);
      if (match === undefined) continue;
      const values = new Map([...match.values].map(([name, value]) => [name, replaced.get(value.name) ?? value]));
      const result = builder.scope(node.outputs[0]?.name ?? node.operation, () => rule.rewrite(builder, { ...match, values }));
      if (result !== undefined) return result;
    }
    return undefined;
  }
}

function checkedReplacement(passName: string, old: Value, value: Value | undefined): Value {
  if (value !== undefined && value.dataType === old.dataType && sameShape(value.shape, old.shape)) return value;
  const found = value === undefined ? "nothing" : formatType(value);
  throw new LongspanError(
    "graph-invalid",
    `Pass "${passName}" put ${found} in the place of ${old.name}: ${formatType(old)}; a replacement has the same type.`,
    {
      details: { pass: passName, value: old.name },
    },
  );
}
