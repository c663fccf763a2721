import type { DataType } from "@longspan/core";
import type { Dimension, Shape } from "@longspan/core/graph";
import type { OnnxAttributes } from "../onnx/attributes.ts";
import type { GraphProto } from "../onnx/onnx_pb.ts";

/** Constants of these types are written where nodes need them. */
export type ConstantType = "float32" | "int32" | "int64" | "bool";

/** What a value is, where a node knows more than a reader of the model could find out. */
export interface OnnxType {
  /** Of the elements. */
  readonly dataType: DataType;
  /** Numbers and symbols. */
  readonly shape: Shape;
}

/** An output of a branch of `If`. */
export interface OnnxBranchOutput {
  /** Of the value in the branch. */
  readonly name: string;
  /** What both branches have to give. */
  readonly type: OnnxType;
}

/**
 * Writes the nodes of one ONNX graph, in an order in which they can run. Values go by their ONNX names. Constants, dimensions and what
 * `once` makes are written the first time they are asked for, and shared from then on.
 */
export interface OnnxWriter {
  /** Adds a node with one output, and returns the output's name. */
  apply(operator: string, inputs: readonly string[], attributes?: OnnxAttributes, type?: OnnxType): string;
  /** Adds a node with several outputs. */
  applyMany(operator: string, inputs: readonly string[], outputs: number, attributes?: OnnxAttributes): readonly string[];
  /** A constant with these values in C order; a scalar has the shape `[]`. */
  constant(dataType: ConstantType, shape: readonly number[], values: readonly number[]): string;
  /** A dimension as an int64 tensor of shape `[1]`. @throws LongspanError `graph-invalid` for a symbol that no value so far has. */
  dimension(dimension: Dimension): string;
  /** A shape as an int64 tensor of one axis. */
  shape(shape: Shape): string;
  /** `x` under another shape. */
  reshape(x: string, shape: Shape, dataType?: DataType): string;
  /** What `make` gives, which is called the first time only. It writes outside of branches: what it needs must be there, too. */
  once<Made>(key: string, make: () => Made): Made;
  /**
   * A graph for a node such as If: it sees everything written so far. `build` gets the names of its own inputs, if it has any, and returns
   * its outputs.
   */
  branch(name: string, inputs: readonly OnnxType[], build: (inputs: readonly string[]) => readonly OnnxBranchOutput[]): GraphProto;
  /** Names what follows: the graph's node that is being written. */
  scope(name: string): void;
  /** Says that an axis of a value has the size of a symbol. The first value to say so counts. */
  bind(symbol: string, value: string, axis: number): void;
}
