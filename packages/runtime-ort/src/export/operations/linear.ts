import { operandAt, outputAt, type OnnxOperation } from "../onnx-operations.ts";

/** Gemm takes the weight as it is, `[out, in]`, and adds the bias; it wants matrices, so that axes before the last are joined around it. */
export const writeLinear: OnnxOperation = (writer, node) => {
  const [x, weight] = [operandAt(node, 0), operandAt(node, 1)];
  const output = outputAt(node, 0);
  const operands = node.inputs.slice(1).map(({ name }) => name);
  const transB = { integer: 1 };
  if (x.shape.length === 2) return [writer.apply("Gemm", [x.name, ...operands], { transB }, output)];
  const rows = writer.apply("Reshape", [x.name, writer.constant("int64", [2], [-1, Number(weight.shape[1])])]);
  return [writer.reshape(writer.apply("Gemm", [rows, ...operands], { transB }), output.shape)];
};
