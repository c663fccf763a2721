import { defineOperation, type Operation } from "../operation.ts";
import { broadcastShapes, visitRows } from "../reference/broadcast.ts";
import { multiplyTransposed, transposed } from "../reference/matrix-product.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Products of the matrices on the last two axes; the axes before them broadcast. ONNX: MatMul. */
export const matMul: Operation<[left: Value, right: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "matMul",
  formula: "out[…, m, n] = Σ_k left[…, m, k] · right[…, k, n]",
  operands: { left: { dataTypes: ["float32"] }, right: { dataTypes: ["float32"] } },
  attributes: {},
  rules: [
    { says: "left and right have two axes or more", holds: ({ left, right }) => left.shape.length >= 2 && right.shape.length >= 2 },
    {
      says: "the last axis of left has the size of right's second to last",
      holds: ({ left, right }) => left.shape.at(-1) === right.shape.at(-2),
    },
    {
      says: "the axes before the last two broadcast: sizes are equal or 1",
      holds: ({ left, right }) => broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2)) !== undefined,
    },
  ],
  outputTypes: ({ left, right }) => [
    {
      dataType: "float32",
      shape: [
        ...(broadcastShapes(left.shape.slice(0, -2), right.shape.slice(0, -2)) ?? []),
        ...left.shape.slice(-2, -1),
        ...right.shape.slice(-1),
      ],
    },
  ],
  evaluate({ left, right }) {
    const [rows = 0, inner = 0] = left.shape.slice(-2);
    const columns = right.shape.at(-1) ?? 0;
    const leftStack = left.shape.slice(0, -2);
    const rightStack = right.shape.slice(0, -2);
    const stack = (broadcastShapes(leftStack, rightStack) ?? []).map(Number);
    const shape = [...stack, rows, columns];
    const out = new Float32Array(shape.reduce((product, size) => product * size, 1));
    let turned: { of: number; matrix: Float32Array } | undefined;
    visitRows(stack, [leftStack, rightStack], ([leftStart = 0, rightStart = 0], start, length, [leftStep = 0, rightStep = 0]) => {
      for (let index = 0; index < length; index++) {
        const rightMatrix = rightStart + index * rightStep;
        if (turned?.of !== rightMatrix)
          turned = { of: rightMatrix, matrix: transposed(right.data, rightMatrix * inner * columns, inner, columns) };
        const leftOffset = (leftStart + index * leftStep) * rows * inner;
        multiplyTransposed(left.data, turned.matrix, out, {
          rows,
          columns,
          inner,
          leftOffset,
          outOffset: (start + index) * rows * columns,
        });
      }
    });
    return [{ dataType: "float32", shape, data: out }];
  },
});
