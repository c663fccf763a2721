import { defineOperation, type Operation } from "../operation.ts";
import { broadcastShapes, visitRows } from "../reference/broadcast.ts";
import { zeros, type GraphTensor, type Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** The common form of the element-by-element operations on numbers: two operands of one data type that broadcast to each other. */
export function defineArithmetic(
  name: string,
  sign: string,
  compute: (left: number, right: number) => number,
): Operation<[left: Value, right: Value], NoAttributes> {
  const dataTypes = ["float32", "int32"] as const;
  return defineOperation({
    name,
    formula: `out = left ${sign} right, element by element; aligned at the last axis, sizes of 1 stretch`,
    operands: { left: { dataTypes }, right: { dataTypes } },
    attributes: {},
    rules: [
      { says: "left and right have the same data type", holds: ({ left, right }) => left.dataType === right.dataType },
      {
        says: "the shapes of left and right broadcast: aligned at the last axis, sizes are equal or 1",
        holds: ({ left, right }) => broadcastShapes(left.shape, right.shape) !== undefined,
      },
    ],
    outputTypes: ({ left, right }) => [{ dataType: left.dataType, shape: broadcastShapes(left.shape, right.shape) ?? [] }],
    evaluate({ left, right }) {
      const shape = (broadcastShapes(left.shape, right.shape) ?? []).map(Number);
      const out = zeros(left.dataType, shape);
      visitRows(shape, [left.shape, right.shape], ([leftOffset = 0, rightOffset = 0], start, length, [leftStep = 0, rightStep = 0]) => {
        computeRow(compute, [left.data, leftOffset, leftStep], [right.data, rightOffset, rightStep], [out.data, start, 1], length);
      });
      return [out];
    },
  });
}

/** A row of an operand: its values, where it begins, and how far its elements are apart. */
type Row = readonly [data: GraphTensor["data"], offset: number, step: number];

/** Stands by itself: compiled code of functions that are made anew for each call is thrown away with them. */
function computeRow(
  compute: (left: number, right: number) => number,
  [left, leftOffset, leftStep]: Row,
  [right, rightOffset, rightStep]: Row,
  [out, start]: Row,
  length: number,
): void {
  for (let index = 0; index < length; index++) {
    out[start + index] = compute(left[leftOffset + index * leftStep] as number, right[rightOffset + index * rightStep] as number);
  }
}
