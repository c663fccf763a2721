import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planElementwise, type ElementwiseKernel } from "./parts/elementwise.ts";

const kernel: ElementwiseKernel = {
  name: "equal",
  operationsPerElement: 0,
  expression: ([left, right], type) => `select(${type("u32")}(0), ${type("u32")}(1), ${left} == ${right})`,
};

/**
 * `out = (left = right)`, 0 or 1, for int32 that stretch to one shape; grid: see `planElementwise`. Source: core's operation equal.
 */
export const equalKernels: OperationKernels = {
  operation: "equal",
  plan: ({ inputs, outputs }, context) => planElementwise(kernel, inputs, required(outputs[0]), context),
};
