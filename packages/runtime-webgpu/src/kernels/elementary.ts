import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { embeddingNormalizationKernels } from "./embedding-normalization.ts";
import { addNormalizationKernels, layerNormalizationKernels } from "./layer-normalization.ts";
import { sliceKernels } from "./slice.ts";

/** What the heads of Longformers, fused, leave to the GPU beside linear layers and attention. */
export function elementaryKernels(): readonly OperationKernels[] {
  return [layerNormalizationKernels, addNormalizationKernels, embeddingNormalizationKernels, sliceKernels];
}
