import { activationFunctions } from "@longspan/core/graph";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { activationCode } from "./activation-functions.ts";
import { planElementwise } from "./parts/elementwise.ts";

/**
 * `out = function(x)`, element by element, float32 of any shape; grid: see `planElementwise`. Formulas: `activationCode`.
 * Source: core's operation activation.
 */
export const activationKernels: OperationKernels = {
  operation: "activation",
  plan({ inputs, outputs, attributes }, context) {
    const out = required(outputs[0]);
    const name = required(activationFunctions.find((candidate) => candidate === attributes.function));
    return planElementwise(
      {
        name: `activation-${name}`,
        operationsPerElement: 1,
        declarations: (type) => activationCode(name, type("f32") === "f32" ? "f32" : "vec4<f32>"),
        expression: ([x]) => `activate(${x})`,
      },
      inputs,
      out,
      context,
    );
  },
};
