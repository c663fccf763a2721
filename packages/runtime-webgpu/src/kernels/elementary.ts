import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { activationKernels } from "./activation.ts";
import { arithmeticKernels } from "./arithmetic.ts";
import { bandKernels } from "./band.ts";
import { castKernels } from "./cast.ts";
import { concatenateKernels } from "./concatenate.ts";
import { constantKernels } from "./constant.ts";
import { embeddingKernels } from "./embedding.ts";
import { embeddingNormalizationKernels } from "./embedding-normalization.ts";
import { equalKernels } from "./equal.ts";
import { gatherRowsKernels } from "./gather-rows.ts";
import { addNormalizationKernels, layerNormalizationKernels } from "./layer-normalization.ts";
import { padKernels } from "./pad.ts";
import { reduceSumKernels } from "./reduce-sum.ts";
import { reshapeKernels } from "./reshape.ts";
import { scatterRowsKernels } from "./scatter-rows.ts";
import { selectKernels } from "./select.ts";
import { sliceKernels } from "./slice.ts";
import { softmaxKernels } from "./softmax.ts";
import { transposeKernels } from "./transpose.ts";

/** The kernels of every operation but matrix products and attention. */
export function elementaryKernels(): readonly OperationKernels[] {
  return [
    constantKernels,
    bandKernels,
    ...arithmeticKernels,
    activationKernels,
    softmaxKernels,
    layerNormalizationKernels,
    addNormalizationKernels,
    embeddingKernels,
    embeddingNormalizationKernels,
    reshapeKernels,
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
