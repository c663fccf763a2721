import { elementCount } from "@longspan/core";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { required } from "../../kernel/required.ts";
import { planNormalization, planNormalizationOfParts } from "../layer-normalization.ts";
import { floatStorage } from "../parts/float-storage.ts";
import type { ChooseTiling } from "./linear-tuning.ts";
import { planLinear } from "./linear.ts";
import type { ProductKernels } from "./product-kernel.ts";

/**
 * `out = layerNormalization(x · weightᵀ + bias + addend, scale, shift)`: x `[…, in]`, weight `[out, in]` (float32 or float16), bias, scale and shift
 * `[out]`, addend and out `[…, out]`. As `linearAdd`, whose sum lies in memory as the addend does, and then the normalization; a product that is cut
 * into parts is added up by the normalization itself, and its sum never written. Source: the fused operation linearAddNormalization.
 */
export function linearAddNormalization(choose: ChooseTiling, kernels: ProductKernels): OperationKernels {
  return {
    operation: "linearAddNormalization",
    float16Inputs: [0, 1, 3],
    float16Outputs: [0],
    plan({ inputs, attributes, outputs }, context) {
      const [x, weight, bias, residual, scale, shift] = inputs;
      const [addend, out, { epsilon }] = [required(residual), required(outputs[0]), attributes];
      const sum = { ...context.scratch(floatStorage(addend.storage), elementCount(out.shape)), shape: out.shape };
      const rows = { scale: required(scale), shift: required(shift), out, epsilon: Number(epsilon) };
      let joined = false;
      const product = planLinear(
        {
          x,
          weight,
          bias,
          addend,
          activation: undefined,
          out: sum,
          join(parts) {
            const dispatches = planNormalizationOfParts({ ...rows, addends: [addend], parts: { ...parts, bias: required(bias) } }, context);
            joined = dispatches !== undefined;
            return dispatches;
          },
        },
        context,
        choose,
        kernels,
      );
      return joined ? product : [...product, ...planNormalization("layer-normalization", { ...rows, addends: [sum] }, context)];
    },
  };
}
