import { elementCount } from "@longspan/core";
import { denseStrides } from "@longspan/core/adapter";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planCopy } from "./parts/strided-copy.ts";

/** The values one after the other along an axis, any shapes: one copy for each (see `planCopy`). Source: core's operation concatenate. */
export const concatenateKernels: OperationKernels = {
  operation: "concatenate",
  plan({ inputs, outputs, attributes }, context) {
    const out = required(outputs[0]);
    const along = Number(attributes.axis);
    const outer = denseStrides(out.shape);
    let position = 0;
    return inputs.flatMap((value) => {
      const start = position * (outer[along] ?? 0);
      position += value.shape[along] ?? 0;
      if (elementCount(value.shape) === 0) return [];
      const own = denseStrides(value.shape);
      const axes = value.shape.map((size, axis) => ({ size, strides: [own[axis] ?? 0, outer[axis] ?? 0] }));
      return planCopy("concatenate", value, out, { axes, starts: [0, start] }, context);
    });
  },
};
