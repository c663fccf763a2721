import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import type { ChooseTiling } from "./linear-tuning.ts";
import { planLinear } from "./linear.ts";
import type { ProductKernels } from "./product-kernel.ts";

/**
 * `out[…, o] = Σ_i x[…, i] · weight[o, i] + bias[o] + addend[…, o]`: x `[…, in]`, weight `[out, in]` (float32 or float16), bias `[out]`,
 * addend `[…, out]`. As `linear`, with the residual read where the sums are written.
 */
export function linearAdd(choose: ChooseTiling, kernels: ProductKernels): OperationKernels {
  return {
    operation: "linearAdd",
    float16Inputs: [0, 1, 3],
    float16Outputs: [0],
    plan: ({ inputs: [x, weight, bias, addend], outputs: [out] }, context) =>
      planLinear({ x, weight, bias, activation: undefined, addend, out }, context, choose, kernels),
  };
}
