import type { KernelTable, OperationKernels } from "../kernel/operation-kernels.ts";
import { activationKernels } from "./activation.ts";
import { arithmeticKernels } from "./arithmetic.ts";
import { castKernels } from "./cast.ts";
import { concatenateKernels } from "./concatenate.ts";
import { equalKernels } from "./equal.ts";
import { gatherRowsKernels } from "./gather-rows.ts";
import { layerNormalizationKernels, addNormalizationKernels } from "./layer-normalization.ts";
import { padKernels } from "./pad.ts";
import { reduceSumKernels } from "./reduce-sum.ts";
import { scatterRowsKernels } from "./scatter-rows.ts";
import { selectKernels } from "./select.ts";
import { sliceKernels } from "./slice.ts";
import { softmaxKernels } from "./softmax.ts";
import { transposeKernels } from "./transpose.ts";

/**
 * The kernels of every operation that runs on the GPU, by operation. What is written in the graph (`constant`, `band`) and
 * `findIndices` the host computes, and a reshape is another view of the same memory: see `splitGraph`.
 */
export function kernelTable(): KernelTable {
  const all: readonly OperationKernels[] = [
    activationKernels,
    ...arithmeticKernels,
    castKernels,
    concatenateKernels,
    equalKernels,
    gatherRowsKernels,
    layerNormalizationKernels,
    addNormalizationKernels,
    padKernels,
    reduceSumKernels,
    scatterRowsKernels,
    selectKernels,
    sliceKernels,
    softmaxKernels,
    transposeKernels,
  ];
  return new Map(all.map((kernels) => [kernels.operation, kernels]));
}
