import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { planElementwise } from "./parts/elementwise.ts";

/**
 * `out = left + right`, and so on, for float32 or int32 that stretch to one shape; grid: see `planElementwise`. Quotients of int32 go
 * towards zero; dividing int32 by zero gives 0, as the conversion of JavaScript's infinities does.
 * Source: core's operations add, subtract, multiply and divide.
 */
export const arithmeticKernels: readonly OperationKernels[] = [
  arithmetic("add", "+"),
  arithmetic("subtract", "-"),
  arithmetic("multiply", "*"),
  arithmetic("divide", "/"),
];

function arithmetic(operation: string, sign: string): OperationKernels {
  return {
    operation,
    plan({ inputs, outputs }, context) {
      const out = required(outputs[0]);
      const divideIntegers = operation === "divide" && out.storage === "int32";
      return planElementwise(
        {
          name: `${operation}-${out.storage}`,
          operationsPerElement: 1,
          expression: ([left, right], type) =>
            divideIntegers ? `select(${left} / ${right}, ${type("i32")}(0), ${right} == ${type("i32")}(0))` : `${left} ${sign} ${right}`,
        },
        inputs,
        out,
        context,
      );
    },
  };
}
