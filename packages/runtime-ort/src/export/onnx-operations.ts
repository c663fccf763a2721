import type { Attributes, ValueType } from "@longspan/core/graph";
import type { OnnxWriter } from "./onnx-writer.ts";

/** A value as a node of the graph sees it: its type in the graph, and its name in ONNX. */
export interface OnnxOperand extends ValueType {
  /** Of the value in the ONNX graph. */
  readonly name: string;
}

/** A node of a valid graph, ready to be written. */
export interface NodeToWrite {
  /** Values by their ONNX names, with their types. */
  readonly inputs: readonly OnnxOperand[];
  /** As the operation's definition has them. */
  readonly attributes: Attributes;
  /** Types of the values it makes. */
  readonly outputs: readonly ValueType[];
}

/** Writes one operation in operators of ONNX's standard domain, opset 17; returns the names of its outputs. */
export type OnnxOperation = (writer: OnnxWriter, node: NodeToWrite) => readonly string[];

/** How operations are written, by their names: `new Map([...standardOnnxOperations, ["mine", writeMine]])`. */
export type OnnxOperationSet = ReadonlyMap<string, OnnxOperation>;

/** An input that the operation's legality rules promise. */
export function operandAt({ inputs }: NodeToWrite, index: number): OnnxOperand {
  const input = inputs[index];
  if (input === undefined) throw new TypeError(`a node without input ${index} was to be written`);
  return input;
}

/** An output's type, promised likewise. */
export function outputAt({ outputs }: NodeToWrite, index: number): ValueType {
  const output = outputs[index];
  if (output === undefined) throw new TypeError(`a node without output ${index} was to be written`);
  return output;
}
