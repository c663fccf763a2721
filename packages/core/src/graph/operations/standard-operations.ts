import type { Operation } from "../operation.ts";
import { activation } from "./activation.ts";
import { add } from "./add.ts";
import { band } from "./band.ts";
import { cast } from "./cast.ts";
import { concatenate } from "./concatenate.ts";
import { constant } from "./constant.ts";
import { divide } from "./divide.ts";
import { embedding } from "./embedding.ts";
import { equal } from "./equal.ts";
import { findIndices } from "./find-indices.ts";
import { gatherRows } from "./gather-rows.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { linear } from "./linear.ts";
import { longformerAttention } from "./longformer-attention.ts";
import { matMul } from "./mat-mul.ts";
import { multiply } from "./multiply.ts";
import { pad } from "./pad.ts";
import { reduceSum } from "./reduce-sum.ts";
import { reshape } from "./reshape.ts";
import { scatterRows } from "./scatter-rows.ts";
import { select } from "./select.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { subtract } from "./subtract.ts";
import { transpose } from "./transpose.ts";

/** Operations by name. */
export type OperationSet = ReadonlyMap<string, Operation>;

/** A set of operations, such as the standard ones and some of your own: `operationSet([...standardOperations.values(), mine])`. */
export function operationSet(operations: readonly Operation[]): OperationSet {
  return new Map(operations.map((operation) => [operation.name, operation]));
}

/** The operations of the graph, all of them. */
export const standardOperations: OperationSet = operationSet([
  constant,
  band,
  embedding,
  linear,
  matMul,
  add,
  subtract,
  multiply,
  divide,
  activation,
  softmax,
  layerNormalization,
  reshape,
  transpose,
  slice,
  concatenate,
  pad,
  cast,
  equal,
  select,
  reduceSum,
  findIndices,
  gatherRows,
  scatterRows,
  longformerAttention,
]);
