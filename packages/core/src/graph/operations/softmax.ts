import { defineOperation, type Operation } from "../operation.ts";
import type { Value } from "../value.ts";
import type { NoAttributes } from "../attributes.ts";

/** Softmax along the last axis, shifted by the row's maximum value so that nothing overflows. ONNX: Softmax, axis -1. */
export const softmax: Operation<[x: Value], NoAttributes> = /*#__PURE__*/ defineOperation({
  name: "softmax",
  formula: "out[…, i] = e^(x[…, i] - max) / Σ_j e^(x[…, j] - max)",
  operands: { x: { dataTypes: ["float32"] } },
  attributes: {},
  rules: [{ says: "x has an axis", holds: ({ x }) => x.shape.length >= 1 }],
  outputTypes: ({ x }) => [x],
  evaluate({ x }) {
    const out = new Float32Array(x.data.length);
    const size = x.shape.at(-1) ?? 1;
    for (let start = 0; start < out.length; start += size)
      softmaxRow(x.data.subarray(start, start + size), out.subarray(start, start + size));
    return [{ dataType: "float32", shape: x.shape, data: out }];
  },
});

/** Softmax of one row into `out` (which may be the row itself), summed in float64. */
export function softmaxRow(row: Float32Array | Float64Array, out: Float32Array | Float64Array): void {
  let maximum = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < row.length; index++) maximum = Math.max(maximum, row[index] as number);
  let sum = 0;
  for (let index = 0; index < row.length; index++) sum += Math.exp((row[index] as number) - maximum);
  for (let index = 0; index < row.length; index++) out[index] = Math.exp((row[index] as number) - maximum) / sum;
}
