import { elementCount } from "@longspan/core";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planIndexedRows, wordOfRow } from "./parts/indexed-rows.ts";
import { planCopy } from "./parts/strided-copy.ts";

/**
 * `out = x`, but `out[b, indices[b, p], …] = updates[b, p, …]`; float32 or int32 x `[batch, rows, …]`, int32 indices `[batch, places]`,
 * distinct in a batch element. A copy, then the updates. An index outside of x, which core's reference refuses, changes nothing.
 * Source: core's operation scatterRows.
 */
export const scatterRowsKernels: OperationKernels = {
  operation: "scatterRows",
  plan({ inputs, outputs }, context) {
    const x = required(inputs[0]);
    const updates = required(inputs[2]);
    const out = required(outputs[0]);
    const whole = { axes: [{ size: elementCount(x.shape), strides: [1, 1] }], starts: [0, 0] };
    const copy = planCopy("scatter-rows-copy", x, out, whole, context);
    if (elementCount(updates.shape) === 0) return copy;
    const body = `let row = indices[place];
  if (row >= uniforms.rows) { return; }
  out[${wordOfRow}] = updates[index];`;
    const tensors = { indices: required(inputs[1]), updates, out };
    return [...copy, planIndexedRows({ name: "scatter-rows", tensors, rows: x, places: updates, body }, context.facts.limits)];
  },
};
