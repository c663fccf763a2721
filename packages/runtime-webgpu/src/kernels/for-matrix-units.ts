// What is loaded for devices with matrix units: in one file, since bundlers make another of what each two of several share.
export { matrixAttentionKernelCode } from "./attention/matrix-attention.ts";
export { matrixJointKernelCode } from "./attention/matrix-joint.ts";
export { matrixMixKernelCode } from "./attention/matrix-mix.ts";
export { matrixScoresKernelCode } from "./attention/matrix-scores.ts";
export { matrixSweepKernelCode } from "./attention/matrix-sweep.ts";
export { matrixKernelCode } from "./linear/matrix-kernel.ts";
