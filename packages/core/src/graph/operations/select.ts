import type { Shape } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { broadcastShapes, visitRows } from "../reference/broadcast.ts";
import { zeros, type Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** One of two values, element by element; what stands in the other does not matter, not even NaN. ONNX: Where. */
export const select: Operation<[condition: Value, yes: Value, no: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "select",
  formula: "out = condition ? yes : no, element by element; aligned at the last axis, sizes of 1 stretch",
  operands: { condition: { dataTypes: ["bool"] }, yes: { dataTypes: ["float32", "int32"] }, no: { dataTypes: ["float32", "int32"] } },
  attributes: {},
  rules: [
    { says: "yes and no have the same data type", holds: ({ yes, no }) => yes.dataType === no.dataType },
    {
      says: "the shapes of condition, yes and no broadcast: aligned at the last axis, sizes are equal or 1",
      holds: ({ condition, yes, no }) => commonShape(condition.shape, yes.shape, no.shape) !== undefined,
    },
  ],
  outputTypes: ({ condition, yes, no }) => [{ dataType: yes.dataType, shape: commonShape(condition.shape, yes.shape, no.shape) ?? [] }],
  evaluate({ condition, yes, no }) {
    const shape = (commonShape(condition.shape, yes.shape, no.shape) ?? []).map(Number);
    const out = zeros(yes.dataType, shape);
    visitRows(
      shape,
      [condition.shape, yes.shape, no.shape],
      ([at = 0, yesAt = 0, noAt = 0], start, length, [step = 0, yesStep = 0, noStep = 0]) => {
        for (let index = 0; index < length; index++) {
          const chosen = condition.data[at + index * step] === 1 ? yes.data[yesAt + index * yesStep] : no.data[noAt + index * noStep];
          out.data[start + index] = chosen as number;
        }
      },
    );
    return [out];
  },
});

function commonShape(first: Shape, second: Shape, third: Shape): Shape | undefined {
  const pair = broadcastShapes(first, second);
  return pair === undefined ? undefined : broadcastShapes(pair, third);
}
