import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { denseStrides } from "./strided-domain.ts";
import { planCopy } from "./strided-copy.ts";

/** Axis a of out is axis `permutation[a]` of x, any shape; grid: see `planCopy`. Source: core's operation transpose. */
export const transposeKernels: OperationKernels = {
  operation: "transpose",
  plan({ inputs: [x], outputs: [out], attributes }, context) {
    if (x === undefined || out === undefined || !Array.isArray(attributes.permutation)) return [];
    const own = denseStrides(x.shape);
    const outer = denseStrides(out.shape);
    const axes = attributes.permutation.map((from, axis) => ({
      size: out.shape[axis] ?? 1,
      strides: [own[Number(from)] ?? 0, outer[axis] ?? 0],
    }));
    return planCopy("transpose", x, out, { axes, starts: [0, 0] }, context);
  },
};
