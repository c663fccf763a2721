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
export const writeEqual: OnnxOperation = /*#__PURE__*/ sameAs("Equal");
export const writeSelect: OnnxOperation = /*#__PURE__*/ sameAs("Where");
export const writeMatMul: OnnxOperation = /*#__PURE__*/ sameAs("MatMul");

/**
 * Dividing int32 by 0 gives 0, and the smallest by -1 itself. onnxruntime fails at the one, and processors at the other: both are divided by 1 instead.
 */
export const writeDivide: OnnxOperation = (writer, node) => {
  const [{ name: left, dataType }, { name: right }] = [operandAt(node, 0), operandAt(node, 1)];
  const out = outputAt(node, 0);
  if (dataType !== "int32") return [writer.apply("Div", [left, right], {}, out)];
  const [zero, one, minusOne] = [0, 1, -1].map((value) => writer.once(`int32 ${value}`, () => writer.constant("int32", [], [value])));
  if (zero === undefined || one === undefined || minusOne === undefined) throw new TypeError("three numbers are three constants");
  const [byZero, byMinusOne] = [writer.apply("Equal", [right, zero]), writer.apply("Equal", [right, minusOne])];
  const divisor = writer.apply("Where", [writer.apply("Or", [byZero, byMinusOne]), one, right]);
  const quotient = writer.apply("Div", [left, divisor]);
  const turned = writer.apply("Where", [byMinusOne, writer.apply("Sub", [zero, left]), quotient]);
  return [writer.apply("Where", [byZero, zero, turned], {}, out)];
};

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
