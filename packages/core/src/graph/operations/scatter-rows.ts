import { sameShape } from "../dimension.ts";
import { defineOperation, type Operation } from "../operation.ts";
import { viewAxis } from "../reference/axis.ts";
import { zeros, type Value } from "../value.ts";
import { checkedRow } from "./gather-rows.ts";
import type { NoAttributes } from "../attributes.ts";

/** Rows of each batch element replaced by number; the indices of one batch element are distinct. ONNX: ScatterND, or ScatterElements on axis 1. */
export const scatterRows: Operation<[x: Value, indices: Value, updates: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "scatterRows",
  formula: "out = x, but out[b, indices[b, p], …] = updates[b, p, …]",
  operands: { x: { dataTypes: ["float32", "int32"] }, indices: { dataTypes: ["int32"] }, updates: { dataTypes: ["float32", "int32"] } },
  attributes: {},
  rules: [
    { says: "x has two axes or more: batch, rows, …", holds: ({ x }) => x.shape.length >= 2 },
    {
      says: "indices has two axes, and the batch of x",
      holds: ({ x, indices }) => indices.shape.length === 2 && indices.shape[0] === x.shape[0],
    },
    { says: "updates has the data type of x", holds: ({ x, updates }) => updates.dataType === x.dataType },
    {
      says: "updates has the axes of indices, then those of x behind its rows",
      holds: ({ x, indices, updates }) => sameShape(updates.shape, [...indices.shape, ...x.shape.slice(2)]),
    },
  ],
  outputTypes: ({ x }) => [x],
  evaluate({ x, indices, updates }) {
    const { size: rows, after: width } = viewAxis(x.shape, 1);
    const places = indices.shape[1] ?? 0;
    const out = zeros(x.dataType, x.shape);
    out.data.set(x.data);
    for (const [at, index] of indices.data.entries()) {
      const to = (Math.floor(at / places) * rows + checkedRow(index, rows)) * width;
      out.data.set(updates.data.subarray(at * width, (at + 1) * width), to);
    }
    return [out];
  },
});
