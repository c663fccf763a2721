import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planElementwise } from "./parts/elementwise.ts";

/**
 * `out = x` as another data type: bool gives 0 and 1, float32 loses its fraction (towards zero) as int32, anything but 0 is true.
 * Grid: see `planElementwise`. Source: core's operation cast.
 */
export const castKernels: OperationKernels = {
  operation: "cast",
  plan({ inputs, outputs }, context) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    const zero = x.storage === "float32" ? "f32" : x.storage === "int32" ? "i32" : "u32";
    return planElementwise(
      {
        name: `cast-${x.storage}-${out.storage}`,
        operationsPerElement: 0,
        // Not as `!=`, which shaders may take to be false of NaN.
        expression: ([value], type) =>
          out.storage === "bool"
            ? `select(${type("u32")}(1), ${type("u32")}(0), ${value} == ${type(zero)}(0))`
            : `${type(out.storage === "float32" ? "f32" : "i32")}(${value})`,
      },
      inputs,
      out,
      context,
    );
  },
};
