import { activationFunctions } from "@longspan/core/graph";
import { required } from "../../kernel/required.ts";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import type { ChooseTiling } from "./linear-tuning.ts";
import { planLinear } from "./linear.ts";
import type { ProductKernels } from "./product-kernel.ts";

/**
 * `out[…, o] = function(Σ_i x[…, i] · weight[o, i] + bias[o])`: x `[…, in]`, weight `[out, in]` (float32 or float16), bias `[out]`;
 * attribute `function`. As `linear`, with the function applied to the sums before they are written.
 */
export function linearActivation(choose: ChooseTiling, kernels: ProductKernels): OperationKernels {
  return {
    operation: "linearActivation",
    float16Inputs: [0, 1],
    float16Outputs: [0],
    plan({ inputs: [x, weight, bias], outputs: [out], attributes }, context) {
      const activation = required(activationFunctions.find((name) => name === attributes["function"]));
      return planLinear({ x, weight, bias, activation, addend: undefined, out }, context, choose, kernels);
    },
  };
}
