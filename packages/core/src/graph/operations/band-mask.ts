import { integer, positiveInteger } from "../attribute-parsers.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { zeros } from "../value.ts";

/** The band of a sliding window, as a mask. ONNX: an initializer. */
export const bandMask: Operation<[], { readonly rows: number; readonly columns: number; readonly lower: number; readonly upper: number }> =
  /*#__PURE__*/ defineOperation({
    name: "bandMask",
    formula: "out[row, column] = lower <= column - row <= upper",
    operands: {},
    attributes: { rows: positiveInteger, columns: positiveInteger, lower: integer, upper: integer },
    rules: [{ says: "lower is at most upper", holds: (_, { lower, upper }) => lower <= upper }],
    outputTypes: (_, { rows, columns }) => [{ dataType: "bool", shape: [rows, columns] }],
    evaluate(_, { rows, columns, lower, upper }) {
      const out = zeros("bool", [rows, columns]);
      for (let row = 0; row < rows; row++) {
        out.data.fill(1, row * columns + clamp(row + lower, columns), row * columns + clamp(row + upper + 1, columns));
      }
      return [out];
    },
  });

function clamp(column: number, columns: number): number {
  return Math.min(columns, Math.max(0, column));
}
