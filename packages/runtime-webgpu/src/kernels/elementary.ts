import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { activationKernels } from "./activation.ts";
import { arithmeticKernels } from "./arithmetic.ts";
import { castKernels } from "./cast.ts";
import { concatenateKernels } from "./concatenate.ts";
import { embeddingKernels } from "./embedding.ts";
import { embeddingNormalizationKernels } from "./embedding-normalization.ts";
import { equalKernels } from "./equal.ts";
import { gatherRowsKernels } from "./gather-rows.ts";
import { addNormalizationKernels, layerNormalizationKernels } from "./layer-normalization.ts";
import { padKernels } from "./pad.ts";
import { reduceSumKernels } from "./reduce-sum.ts";
import { scatterRowsKernels } from "./scatter-rows.ts";
import { selectKernels } from "./select.ts";
import { sliceKernels } from "./slice.ts";
import { softmaxKernels } from "./softmax.ts";
import { transposeKernels } from "./transpose.ts";

/** The kernels of every operation but matrix products, attention, and what the host does or memory is only renamed for: see `splitGraph`. */
export function elementaryKernels(): readonly OperationKernels[] {
  return [
    ...arithmeticKernels,
    activationKernels,
    softmaxKernels,
    layerNormalizationKernels,
    addNormalizationKernels,
    embeddingKernels,
    embeddingNormalizationKernels,
    transposeKernels,
    sliceKernels,
    concatenateKernels,
    padKernels,
    castKernels,
    equalKernels,
    selectKernels,
    reduceSumKernels,
    gatherRowsKernels,
    scatterRowsKernels,
  ];
}
