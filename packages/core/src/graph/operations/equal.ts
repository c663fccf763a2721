import { defineOperation, type Operation } from "../operation.ts";
import { broadcastShapes, visitRows } from "../reference/broadcast.ts";
import { zeros, type Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Where two int32 values agree. ONNX: Equal. */
export const equal: Operation<[left: Value, right: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "equal",
  formula: "out = (left = right), element by element; aligned at the last axis, sizes of 1 stretch",
  operands: { left: { dataTypes: ["int32"] }, right: { dataTypes: ["int32"] } },
  attributes: {},
  rules: [
    {
      says: "the shapes of left and right broadcast: aligned at the last axis, sizes are equal or 1",
      holds: ({ left, right }) => broadcastShapes(left.shape, right.shape) !== undefined,
    },
  ],
  outputTypes: ({ left, right }) => [{ dataType: "bool", shape: broadcastShapes(left.shape, right.shape) ?? [] }],
  evaluate({ left, right }) {
    const shape = (broadcastShapes(left.shape, right.shape) ?? []).map(Number);
    const out = zeros("bool", shape);
    visitRows(shape, [left.shape, right.shape], ([leftOffset = 0, rightOffset = 0], start, length, [leftStep = 0, rightStep = 0]) => {
      for (let index = 0; index < length; index++) {
        out.data[start + index] = Number(left.data[leftOffset + index * leftStep] === right.data[rightOffset + index * rightStep]);
      }
    });
    return [out];
  },
});
