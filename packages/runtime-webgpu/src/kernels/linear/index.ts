import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { linearActivation } from "./linear-activation.ts";
import { linearAdd } from "./linear-add.ts";
import { chooseTiling, type LinearTuning } from "./linear-tuning.ts";
import { linear } from "./linear.ts";
import { matMul } from "./mat-mul.ts";
import { createProductKernels } from "./product-kernel.ts";
import { tripleLinear } from "./triple-linear.ts";

export type { LinearShape, LinearTuning, LinearTuningEntry } from "./linear-tuning.ts";
export { tuneLinear, type TuneLinearOptions } from "./tune-linear.ts";

/** Linear layers, alone and with what may follow them, and products of matrices; with the tilings of `tuning` where it knows better. */
export function linearKernels(tuning?: LinearTuning): readonly OperationKernels[] {
  const choose = chooseTiling(tuning);
  const kernels = createProductKernels();
  return [linear, linearActivation, linearAdd, tripleLinear, matMul].map((create) => create(choose, kernels));
}
