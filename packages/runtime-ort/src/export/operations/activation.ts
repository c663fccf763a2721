import type { ActivationFunction } from "@longspan/core/graph";
import { operandAt, outputAt, type OnnxOperation } from "../onnx-operations.ts";
import type { OnnxType, OnnxWriter } from "../onnx-writer.ts";

type WriteFunction = (writer: OnnxWriter, x: string, type: OnnxType) => string;

const number = (writer: OnnxWriter, value: number): string => writer.constant("float32", [], [value]);

/** gelu and gelu-tanh are spelled as PyTorch's exporter spells them, so that onnxruntime finds them and puts one kernel in their place. */
const functions: Readonly<Record<ActivationFunction, WriteFunction>> = {
  gelu(writer, x, type) {
    const scaled = writer.apply("Div", [x, number(writer, Math.SQRT2)], {}, type);
    const raised = writer.apply("Add", [writer.apply("Erf", [scaled], {}, type), number(writer, 1)], {}, type);
    return writer.apply("Mul", [writer.apply("Mul", [x, raised], {}, type), number(writer, 0.5)], {}, type);
  },
  "gelu-tanh"(writer, x, type) {
    const cube = writer.apply("Pow", [x, number(writer, 3)], {}, type);
    const inner = writer.apply("Add", [x, writer.apply("Mul", [cube, number(writer, 0.044715)], {}, type)], {}, type);
    const tanh = writer.apply("Tanh", [writer.apply("Mul", [inner, number(writer, Math.sqrt(2 / Math.PI))], {}, type)], {}, type);
    const half = writer.apply("Mul", [x, number(writer, 0.5)], {}, type);
    return writer.apply("Mul", [half, writer.apply("Add", [tanh, number(writer, 1)], {}, type)], {}, type);
  },
  relu: (writer, x, type) => writer.apply("Relu", [x], {}, type),
  silu: (writer, x, type) => writer.apply("Mul", [x, writer.apply("Sigmoid", [x], {}, type)], {}, type),
  sigmoid: (writer, x, type) => writer.apply("Sigmoid", [x], {}, type),
  tanh: (writer, x, type) => writer.apply("Tanh", [x], {}, type),
};

export const writeActivation: OnnxOperation = (writer, node) => [
  functions[node.attributes.function as ActivationFunction](writer, operandAt(node, 0).name, outputAt(node, 0)),
];
