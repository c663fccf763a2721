import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { activationKernels } from "./activation.ts";
import { arithmeticKernels } from "./arithmetic.ts";
import { castKernels } from "./cast.ts";
import { concatenateKernels } from "./concatenate.ts";
import { embeddingKernels } from "./embedding.ts";
import { equalKernels } from "./equal.ts";
import { gatherRowsKernels } from "./gather-rows.ts";
import type { ChooseTiling } from "./linear/linear-tuning.ts";
import { matMul } from "./linear/mat-mul.ts";
import { createProductKernels } from "./linear/product-kernel.ts";
import { padKernels } from "./pad.ts";
import { reduceSumKernels } from "./reduce-sum.ts";
import { scatterRowsKernels } from "./scatter-rows.ts";
import { selectKernels } from "./select.ts";
import { softmaxKernels } from "./softmax.ts";
import { transposeKernels } from "./transpose.ts";

/** The kernels of operations that no head of a Longformer leaves to the GPU: for heads of your own, and graphs of any kind. */
export function otherKernels(choose: ChooseTiling): readonly OperationKernels[] {
  return [
    ...arithmeticKernels,
    activationKernels,
    softmaxKernels,
    embeddingKernels,
    transposeKernels,
    concatenateKernels,
    padKernels,
    castKernels,
    equalKernels,
    selectKernels,
    reduceSumKernels,
    gatherRowsKernels,
    scatterRowsKernels,
    matMul(choose, createProductKernels()),
  ];
}
