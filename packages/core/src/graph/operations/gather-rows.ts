import { defineOperation, type Operation } from "../operation.ts";
import { viewAxis } from "../reference/axis.ts";
import { zeros, type Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Rows of each batch element by number. ONNX: GatherND, batch_dims 1. */
export const gatherRows: Operation<[x: Value, indices: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "gatherRows",
  formula: "out[b, p, …] = x[b, indices[b, p], …]",
  operands: { x: { dataTypes: ["float32", "int32"] }, indices: { dataTypes: ["int32"] } },
  attributes: {},
  rules: [
    { says: "x has two axes or more: batch, rows, …", holds: ({ x }) => x.shape.length >= 2 },
    {
      says: "indices has two axes, and the batch of x",
      holds: ({ x, indices }) => indices.shape.length === 2 && indices.shape[0] === x.shape[0],
    },
  ],
  outputTypes: ({ x, indices }) => [{ dataType: x.dataType, shape: [...indices.shape, ...x.shape.slice(2)] }],
  evaluate({ x, indices }) {
    const { before: batch, size: rows, after: width } = viewAxis(x.shape, 1);
    const places = indices.shape[1] ?? 0;
    const out = zeros(x.dataType, [batch, places, ...x.shape.slice(2)]);
    for (const [at, index] of indices.data.entries()) {
      const from = (Math.floor(at / places) * rows + checkedRow(index, rows)) * width;
      out.data.set(x.data.subarray(from, from + width), at * width);
    }
    return [out];
  },
});

/** @throws RangeError: an index beyond the rows is a graph that computes nonsense. */
export function checkedRow(index: number, rows: number): number {
  if (index < 0 || index >= rows) throw new RangeError(`row ${index} of ${rows} was asked for`);
  return index;
}
