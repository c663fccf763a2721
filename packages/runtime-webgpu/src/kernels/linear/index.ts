import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { linearActivation } from "./linear-activation.ts";
import { linearAddNormalization } from "./linear-add-normalization.ts";
import { linearAdd } from "./linear-add.ts";
import { chooseTiling, type ChooseTiling } from "./linear-tuning.ts";
import { linear } from "./linear.ts";
import { createProductKernels } from "./product-kernel.ts";
import { tripleLinear } from "./triple-linear.ts";

export type { LinearShape, LinearTuning, LinearTuningEntry } from "./check-tuning.ts";
export { tuneLinear, type TuneLinearOptions } from "./tune-linear.ts";

/** Linear layers, alone and with what may follow them; by rules where nobody chooses their tilings. */
export function linearKernels(choose: ChooseTiling = chooseTiling(undefined)): readonly OperationKernels[] {
  const kernels = createProductKernels();
  return [linear, linearActivation, linearAdd, linearAddNormalization, tripleLinear].map((create) => create(choose, kernels));
}
