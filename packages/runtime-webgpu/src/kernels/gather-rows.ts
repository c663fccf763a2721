import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planIndexedRows, wordOfRow } from "./parts/indexed-rows.ts";

/**
 * `out[b, p, …] = x[b, indices[b, p], …]`; float32 or int32 x `[batch, rows, …]`, int32 indices `[batch, places]`. An index outside of x,
 * which core's reference refuses, takes the last row. Source: core's operation gatherRows.
 */
export const gatherRowsKernels: OperationKernels = {
  operation: "gatherRows",
  plan({ inputs, outputs }, { facts: { limits } }) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    const body = `let row = min(indices[place], uniforms.rows - 1u);
  out[index] = x[${wordOfRow}];`;
    const tensors = { x, indices: required(inputs[1]), out };
    return [planIndexedRows({ name: "gather-rows", tensors, rows: x, places: out, body }, limits)];
  },
};
