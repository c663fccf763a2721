import type { DataType } from "@longspan/core";
import type { Dimension, GraphDataType } from "@longspan/core/graph";
import { onnxDataTypes } from "../../onnx/tensor-header.ts";
import { operandAt, outputAt, type OnnxOperation } from "../onnx-operations.ts";

export const writeReshape: OnnxOperation = (writer, node) => {
  const { dataType, shape } = outputAt(node, 0);
  return [writer.reshape(operandAt(node, 0).name, shape, dataType)];
};

export const writeTranspose: OnnxOperation = (writer, node) => {
  const perm = { integers: (node.attributes.permutation as readonly number[]).map(Number) };
  return [writer.apply("Transpose", [operandAt(node, 0).name], { perm }, outputAt(node, 0))];
};

export const writeSlice: OnnxOperation = (writer, node) => {
  const { axis, start, end } = node.attributes;
  const [from, to] = [start, end].map((bound) => writer.dimension(bound as Dimension));
  const axes = writer.constant("int64", [1], [Number(axis)]);
  return [writer.apply("Slice", [operandAt(node, 0).name, from ?? "", to ?? "", axes], {}, outputAt(node, 0))];
};

export const writeConcatenate: OnnxOperation = (writer, node) => {
  const axis = { integer: Number(node.attributes.axis) };
  return [
    writer.apply(
      "Concat",
      node.inputs.map(({ name }) => name),
      { axis },
      outputAt(node, 0),
    ),
  ];
};

/** Pad takes the sizes of all axes, before and then after; those of the others are 0 (opset 17 has no axes input yet). */
export const writePad: OnnxOperation = (writer, node) => {
  const x = operandAt(node, 0);
  const { axis, before, after, value } = node.attributes;
  const sizes = [before, after].flatMap((size) => x.shape.map((_, at) => (at === axis ? (size as Dimension) : 0)));
  const filler = writer.constant(x.dataType, [], [Number(value)]);
  return [writer.apply("Pad", [x.name, writer.shape(sizes), filler], { mode: { text: "constant" } }, outputAt(node, 0))];
};

export const writeCast: OnnxOperation = (writer, node) => {
  const to = { integer: onnxDataTypes[node.attributes.dataType as DataType] };
  return [writer.apply("Cast", [operandAt(node, 0).name], { to }, outputAt(node, 0))];
};

export const writeConstant: OnnxOperation = (writer, { attributes }) => [
  writer.constant(
    attributes.dataType as GraphDataType,
    (attributes.shape as readonly number[]).map(Number),
    (attributes.values as readonly number[]).map(Number),
  ),
];

export const writeBandMask: OnnxOperation = (writer, { attributes }) => {
  const [rows, columns, lower, upper] = ["rows", "columns", "lower", "upper"].map((name) => Number(attributes[name]));
  return [writer.constant("bool", [rows ?? 0, columns ?? 0], bandMaskValues(rows ?? 0, columns ?? 0, lower ?? 0, upper ?? 0))];
};

/** 1 where `lower <= column - row <= upper`. */
export function bandMaskValues(rows: number, columns: number, lower: number, upper: number): readonly number[] {
  return Array.from({ length: rows * columns }, (_, at) => {
    const distance = (at % columns) - Math.floor(at / columns);
    return Number(lower <= distance && distance <= upper);
  });
}
