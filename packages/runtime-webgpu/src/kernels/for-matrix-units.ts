// What is loaded for devices with matrix units: in one file, since bundlers make another of what each two of several share.
export { matrixAttentionKernel } from "./attention/matrix-attention.ts";
export { matrixJointKernel } from "./attention/matrix-joint.ts";
export { matrixMixKernel } from "./attention/matrix-mix.ts";
export { matrixScoresKernel } from "./attention/matrix-scores.ts";
export { matrixSweepKernel } from "./attention/matrix-sweep.ts";
export { matrixKernelCode } from "./linear/matrix-kernel.ts";
