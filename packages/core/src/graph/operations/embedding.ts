import { LongspanError } from "../../errors/longspan-error.ts";
import { defineOperation, type Operation } from "../operation.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/**
 * Rows of a table by number. Where the ids come straight from a graph's input, a session checks them against the table before
 * anything is computed. ONNX: Gather, axis 0.
 */
export const embedding: Operation<[ids: Value, table: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "embedding",
  formula: "out[…, h] = table[ids[…], h]",
  operands: { ids: { dataTypes: ["int32"] }, table: { dataTypes: ["float32"] } },
  attributes: {},
  rules: [
    {
      says: "table has two axes of known size: rows and hidden",
      holds: ({ table }) => table.shape.length === 2 && table.shape.every((size) => typeof size === "number"),
    },
  ],
  outputTypes: ({ ids, table }) => [{ dataType: "float32", shape: [...ids.shape, ...table.shape.slice(1)] }],
  evaluate({ ids, table }) {
    const [rows = 0, hidden = 0] = table.shape;
    const out = new Float32Array(ids.data.length * hidden);
    for (const [index, id] of ids.data.entries()) {
      if (id < 0 || id >= rows) {
        throw new LongspanError("id-out-of-range", `The id ${id} is beyond the ${rows} rows of an embedding table.`, {
          details: { id, rows },
        });
      }
      out.set(table.data.subarray(id * hidden, (id + 1) * hidden), index * hidden);
    }
    return [{ dataType: "float32", shape: [...ids.shape, hidden], data: out }];
  },
});
