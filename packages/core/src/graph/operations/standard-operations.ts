import type { Operation } from "../operation.ts";
import * as operations from "./index.ts";

/** The name of an operation of the graph. */
export type StandardOperationName = keyof typeof operations;

/** Operations by name. */
export type OperationSet = ReadonlyMap<string, Operation>;

/** A set of operations, such as the standard ones and some of your own: `operationSet([...standardOperations.values(), mine])`. */
export function operationSet(operations: readonly Operation[]): OperationSet {
  return new Map(operations.map((operation) => [operation.name, operation]));
}

/** The operations of the graph, all of them: what `index.ts` lists. */
export const standardOperations: OperationSet = operationSet(Object.values(operations));
