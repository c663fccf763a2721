import type { Tensor } from "../tensor/tensor.ts";
import { elementCount } from "../tensor/data-type.ts";
import { formatShape, type Shape } from "./dimension.ts";

/**
 * The data types of values in a graph. Ids and masks are int32 (int64 is accepted, and checked, where a session takes its inputs).
 * A runtime may compute float32 values in a narrower type when asked to; the graph does not change for it.
 */
export const graphDataTypes = ["float32", "int32", "bool"] as const;

/** The element types of values in a graph: one of `graphDataTypes`. */
export type GraphDataType = (typeof graphDataTypes)[number];

/** What is known of a value before it is computed. */
export interface ValueType {
  /** Of its elements. */
  readonly dataType: GraphDataType;
  /** In elements, the slowest axis first; numbers and symbols. */
  readonly shape: Shape;
}

/** A value of a graph: an input, a parameter, or an output of a node. Names are unique in a graph. */
export interface Value extends ValueType {
  /** Unique in its graph. */
  readonly name: string;
}

/** The tensors that flow between nodes: C order; bool is 0 or 1. */
export type GraphTensor = Extract<Tensor, { dataType: GraphDataType }>;

export function isGraphDataType(name: unknown): name is GraphDataType {
  return graphDataTypes.some((dataType) => dataType === name);
}

/** A tensor of zeros. */
export function zeros(dataType: GraphDataType, shape: readonly number[]): GraphTensor {
  const length = elementCount(shape);
  if (dataType === "float32") return { dataType, shape, data: new Float32Array(length) };
  if (dataType === "int32") return { dataType, shape, data: new Int32Array(length) };
  return { dataType, shape, data: new Uint8Array(length) };
}

/** `float32[batch, sequence, 16]`. */
export function formatType(type: ValueType): string {
  return `${type.dataType}${formatShape(type.shape)}`;
}
