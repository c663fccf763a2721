import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planElementwise } from "./parts/elementwise.ts";

/**
 * `out = condition ? yes : no` for float32 or int32 that stretch to one shape; grid: see `planElementwise`. A value is taken as it is or not
 * at all: nothing of the other comes through, not even NaN. Source: core's operation select.
 */
export const selectKernels: OperationKernels = {
  operation: "select",
  plan({ inputs, outputs }, context) {
    const out = required(outputs[0]);
    return planElementwise(
      {
        name: `select-${out.storage}`,
        operationsPerElement: 0,
        expression: ([condition, yes, no], type) => `select(${no}, ${yes}, ${condition} != ${type("u32")}(0))`,
      },
      inputs,
      out,
      context,
    );
  },
};
