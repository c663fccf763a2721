import { denseStrides } from "@longspan/core/adapter";
import { type AttributeValue, type DimensionBindings, evaluateDimension } from "@longspan/core/graph";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planCopy } from "./parts/strided-copy.ts";

/** `out[…, i, …] = x[…, start + i, …]` along an axis, any shape; grid: see `planCopy`. Source: core's operation slice. */
export const sliceKernels: OperationKernels = {
  operation: "slice",
  plan({ inputs, outputs, attributes }, context) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    const own = denseStrides(x.shape);
    const outer = denseStrides(out.shape);
    const start = attributeDimension(attributes.start, context.dimensions) * (own[Number(attributes.axis)] ?? 0);
    const axes = out.shape.map((size, axis) => ({ size, strides: [own[axis] ?? 0, outer[axis] ?? 0] }));
    return planCopy("slice", x, out, { axes, starts: [start, 0] }, context);
  },
};

/** The number of an attribute that is a dimension. */
export function attributeDimension(attribute: AttributeValue | undefined, dimensions: DimensionBindings): number {
  return typeof attribute === "number" || typeof attribute === "string" ? evaluateDimension(attribute, dimensions) : 0;
}
