import { operandAt, outputAt, type OnnxOperation } from "../onnx-operations.ts";

/** An operator that takes what the operation takes, in its order, and broadcasts as it does. */
function sameAs(operator: string): OnnxOperation {
  return (writer, node) => [
    writer.apply(
      operator,
      node.inputs.map(({ name }) => name),
      {},
      outputAt(node, 0),
    ),
  ];
}

export const writeAdd: OnnxOperation = /*#__PURE__*/ sameAs("Add");
export const writeSubtract: OnnxOperation = /*#__PURE__*/ sameAs("Sub");
export const writeMultiply: OnnxOperation = /*#__PURE__*/ sameAs("Mul");
export const writeDivide: OnnxOperation = /*#__PURE__*/ sameAs("Div");
export const writeEqual: OnnxOperation = /*#__PURE__*/ sameAs("Equal");
export const writeSelect: OnnxOperation = /*#__PURE__*/ sameAs("Where");
export const writeMatMul: OnnxOperation = /*#__PURE__*/ sameAs("MatMul");

export const writeSoftmax: OnnxOperation = (writer, node) => [
  writer.apply("Softmax", [operandAt(node, 0).name], { axis: { integer: -1 } }, outputAt(node, 0)),
];

export const writeReduceSum: OnnxOperation = (writer, node) => {
  const axis = writer.constant("int64", [1], [Number(node.attributes.axis)]);
  return [writer.apply("ReduceSum", [operandAt(node, 0).name, axis], { keepdims: { integer: 1 } }, outputAt(node, 0))];
};

export const writeLayerNormalization: OnnxOperation = (writer, node) => {
  const attributes = { axis: { integer: -1 }, epsilon: { float: Number(node.attributes.epsilon) } };
  return [
    writer.apply(
      "LayerNormalization",
      node.inputs.map(({ name }) => name),
      attributes,
      outputAt(node, 0),
    ),
  ];
};
