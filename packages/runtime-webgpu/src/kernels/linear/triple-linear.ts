import { required } from "../../kernel/required.ts";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import type { ChooseTiling } from "./linear-tuning.ts";
import { planLinear } from "./linear.ts";
import type { ProductKernels } from "./product-kernel.ts";

/**
 * `out_n[…, o] = Σ_i x[…, i] · weight_n[o, i] + bias_n[o]`, n = 0, 1, 2: x `[…, in]`, weights `[out, in]` (float32 or float16), biases `[out]`.
 * As one `linear` with the weights' rows, and the outputs' columns, one after the other: weight `[3 out, in]`, output `[…, 3 out]`.
 */
export function tripleLinear(choose: ChooseTiling, kernels: ProductKernels): OperationKernels {
  return {
    operation: "tripleLinear",
    float16Inputs: [0, 1, 3, 5],
    float16Outputs: [0, 1, 2],
    joinsOutputs: true,
    joinedInputs: [
      [1, 3, 5],
      [2, 4, 6],
    ],
    plan({ inputs: [x, weight, bias], outputs: [out] }, context) {
      // The weights and outputs of three linear layers are each one tensor.
      const layer = { x, weight: weight?.rowsOf?.tensor, bias: required(bias?.rowsOf).tensor, out: out?.columnsOf?.tensor };
      return planLinear({ ...layer, activation: undefined, addend: undefined }, context, choose, kernels);
    },
  };
}
