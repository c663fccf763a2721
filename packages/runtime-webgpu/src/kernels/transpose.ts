import { denseStrides } from "@longspan/core/adapter";
import { attributeParsers } from "@longspan/core/graph";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planCopy } from "./parts/strided-copy.ts";

/** Axis a of out is axis `permutation[a]` of x, any shape; grid: see `planCopy`. Source: core's operation transpose. */
export const transposeKernels: OperationKernels = {
  operation: "transpose",
  plan({ inputs, outputs, attributes }, context) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    const permutation = required(attributeParsers.numberList.parse(required(attributes.permutation)));
    const own = denseStrides(x.shape);
    const outer = denseStrides(out.shape);
    const axes = permutation.map((from, axis) => ({
      size: out.shape[axis] ?? 1,
      strides: [own[from] ?? 0, outer[axis] ?? 0],
    }));
    return planCopy("transpose", x, out, { axes, starts: [0, 0] }, context);
  },
};
