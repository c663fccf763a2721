export { webgpu } from "./webgpu-runtime.ts";
export type { WebGpuOptions, WebGpuRuntime } from "./webgpu-options.ts";
export type { DeviceOptions } from "./device/device-options.ts";
export type { GpuAdapter, GpuDevice } from "./device/gpu-objects.ts";
export { findAdapters, type AdapterDescription } from "./device/find-adapters.ts";
export type { DeviceFacts, DeviceLimits } from "./kernel/device-facts.ts";
export { webGpuFeatures, type WebGpuFeature } from "./device/web-gpu-features.ts";
export { tuneLinear, type LinearShape, type LinearTuning, type LinearTuningEntry, type TuneLinearOptions } from "./kernels/linear/index.ts";
