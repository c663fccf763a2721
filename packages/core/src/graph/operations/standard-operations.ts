import type { Operation } from "../operation.ts";
import type * as listed from "./index.ts";
import {
  activation,
  add,
  bandMask,
  cast,
  concatenate,
  constant,
  divide,
  embedding,
  equal,
  nonzero,
  gatherRows,
  layerNormalization,
  linear,
  longformerAttention,
  matMul,
  multiply,
  pad,
  reduceSum,
  reshape,
  scatterRows,
  select,
  slice,
  softmax,
  subtract,
  transpose,
} from "./index.ts";

/** The name of an operation of the graph. */
export type StandardOperationName = keyof typeof listed;

/** Operations by name. */
export type OperationSet = ReadonlyMap<string, Operation>;

/** A set of operations, such as the standard ones and some of your own: `operationSet([...standardOperations.values(), mine])`. */
export function operationSet(operations: readonly Operation[]): OperationSet {
  return new Map(operations.map((operation) => [operation.name, operation]));
}

/** The operations of the graph, by the names of their constants: an object, not a namespace, so that bundlers leave out what is not used. */
export const operations: typeof listed = {
  activation,
  add,
  bandMask,
  cast,
  concatenate,
  constant,
  divide,
  embedding,
  equal,
  nonzero,
  gatherRows,
  layerNormalization,
  linear,
  longformerAttention,
  matMul,
  multiply,
  pad,
  reduceSum,
  reshape,
  scatterRows,
  select,
  slice,
  softmax,
  subtract,
  transpose,
};

/** The operations of the graph, all of them: what `index.ts` lists. */
export const standardOperations: OperationSet = /*#__PURE__*/ operationSet(/*#__PURE__*/ Object.values(operations));
