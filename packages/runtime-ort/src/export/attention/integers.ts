import type { Dimension, Shape } from "@longspan/core/graph";
import { onnxDataTypes } from "../../onnx/tensor-header.ts";
import type { OnnxWriter } from "../onnx-writer.ts";

/** int32 arithmetic, for tables of row numbers. Operands are names of values or numbers. */
export interface IntegerWriter {
  add(left: string | number, right: string | number): string;
  multiply(left: string | number, right: string | number): string;
  subtract(left: string | number, right: string | number): string;
  /** Integer division; of numbers that are not negative. */
  divide(left: string | number, right: string | number): string;
  min(left: string | number, right: string | number): string;
  max(left: string | number, right: string | number): string;
  /** bool: `left < right`. */
  isLess(left: string | number, right: string | number): string;
  /** A dimension as a scalar. */
  size(dimension: Dimension): string;
  /** `0, 1, … size - 1`. */
  count(size: Dimension): string;
  /** A list of numbers under a shape. */
  list(values: readonly number[], shape?: readonly number[]): string;
  reshape(x: string, shape: Shape): string;
}

export function integerWriter(writer: OnnxWriter): IntegerWriter {
  const operand = (value: string | number): string => (typeof value === "string" ? value : writer.constant("int32", [], [value]));
  const binary =
    (operator: string) =>
    (left: string | number, right: string | number): string =>
      writer.apply(operator, [operand(left), operand(right)]);
  const size = (dimension: Dimension): string =>
    typeof dimension === "number"
      ? operand(dimension)
      : writer.once(`int32 ${dimension}`, () =>
          writer.apply("Cast", [writer.apply("Squeeze", [writer.dimension(dimension)])], { to: { integer: onnxDataTypes.int32 } }),
        );
  return {
    add: binary("Add"),
    multiply: binary("Mul"),
    subtract: binary("Sub"),
    divide: binary("Div"),
    min: binary("Min"),
    max: binary("Max"),
    isLess: binary("Less"),
    size,
    count: (dimension) => writer.apply("Range", [operand(0), size(dimension), operand(1)]),
    list: (values, shape = [values.length]) => writer.constant("int32", shape, values),
    reshape: (x, shape) => writer.reshape(x, shape, "int32"),
  };
}
