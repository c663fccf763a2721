import type { Attributes } from "./attributes.ts";
import type { Value } from "./value.ts";

/** Which numbers an input may hold; checked where a session takes its inputs. Both ends belong to it. */
export interface InputRange {
  /** The smallest number that is allowed. */
  readonly minimum: number;
  /** The largest number that is allowed. */
  readonly maximum: number;
  /** What the numbers are, for messages: "0 (masked) or 1". */
  readonly meaning: string;
}

/** A value that each run is given, and between what its elements have to lie. */
export interface GraphInput extends Value {
  /** What its numbers may be; checked before a run. Default: any. */
  readonly range?: InputRange | undefined;
}

/** A weight, bound by name when a session is prepared: its value's name is the parameter's canonical name. */
export interface GraphParameter extends Value {
  /** In elements: no symbols. */
  readonly shape: readonly number[];
}

/** One operation at work. */
export interface GraphNode {
  /** The name of an operation: see `standardOperations`. */
  readonly operation: string;
  /** Names of values: inputs, parameters, outputs of earlier nodes. */
  readonly inputs: readonly string[];
  /** As the operation's definition asks for them. */
  readonly attributes: Attributes;
  /** The values it makes, with their types. */
  readonly outputs: readonly Value[];
}

/** A value that runs give back, and its name there. */
export interface GraphOutput {
  /** What a session calls it. */
  readonly name: string;
  /** The value's name. */
  readonly value: string;
}

/**
 * A typed tensor program in static single assignment form: plain data, in an order in which it can run.
 * Made by `buildGraph`, changed by passes, checked by `validateGraph`, kept as JSON by `graphToJson`.
 */
export interface Graph {
  /** For messages and reports. */
  readonly name: string;
  /** What a run is given, in order. */
  readonly inputs: readonly GraphInput[];
  /** Weights, by canonical names; their shapes are numbers. */
  readonly parameters: readonly GraphParameter[];
  /** In an order in which each node's inputs are made before it. */
  readonly nodes: readonly GraphNode[];
  /** What a run gives, each with the value that it is. */
  readonly outputs: readonly GraphOutput[];
}

/** Every value of a graph by name. Of a name that stands twice (an illegal graph) the last counts. */
export function graphValues(graph: Graph): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const value of [...graph.inputs, ...graph.parameters]) values.set(value.name, value);
  for (const node of graph.nodes) for (const value of node.outputs) values.set(value.name, value);
  return values;
}
