import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { elementsOf, required } from "./dispatching.ts";
import { planCopy } from "./strided-copy.ts";

/**
 * The same elements in the same order under another shape: a copy (see `planCopy`), for where the output cannot be the input's memory under
 * another shape. Source: core's operation reshape.
 */
export const reshapeKernels: OperationKernels = {
  operation: "reshape",
  plan({ inputs, outputs }, context) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    return planCopy("reshape", x, out, { axes: [{ size: elementsOf(x.shape), strides: [1, 1] }], starts: [0, 0] }, context);
  },
};
