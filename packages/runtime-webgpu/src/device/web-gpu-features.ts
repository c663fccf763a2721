/**
 * The optional WebGPU features that kernels and profiles can make use of. Everything runs without them.
 * `subgroups`: reductions without workgroup memory; `shader-f16`: arithmetic in halves; `timestamp-query`: `Session.profile`;
 * `chromium-experimental-subgroup-matrix`: products of float16 on matrix units.
 */
export const webGpuFeatures = ["subgroups", "shader-f16", "timestamp-query", "chromium-experimental-subgroup-matrix"] as const;

/** An optional feature of WebGPU that is used where it is: one of `webGpuFeatures`. */
export type WebGpuFeature = (typeof webGpuFeatures)[number];
