/**
 * The optional WebGPU features that kernels and profiles can make use of. Everything runs without them.
 * `subgroups`: reductions without workgroup memory; `shader-f16`: arithmetic in halves; `timestamp-query`: `Session.profile`.
 */
export const webGpuFeatures = ["subgroups", "shader-f16", "timestamp-query"] as const;

export type WebGpuFeature = (typeof webGpuFeatures)[number];
