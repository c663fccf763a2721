import type { GpuAdapter, GpuDevice } from "./gpu-objects.ts";
import type { WebGpuFeature } from "./web-gpu-features.ts";

/** Which GPU is used, and what of it. */
export interface DeviceOptions {
  /** The caller's own device. It is used, never destroyed. */
  readonly device?: GpuDevice | undefined;
  /**
   * The adapter to ask for a device. An adapter gives one device only, so that device is kept until the runtime is disposed, and not replaced when
   * it is lost. Default: what the browser or Dawn offers first. Beside `device`: the one
   * that it came from, which in Node alone tells the shapes of matrix units; without it they are not used.
   */
  readonly adapter?: GpuAdapter | undefined;
  /**
   * The optional features to use: these and no others, each of which the adapter then has to have (`[]`: none). Default: all of
   * `webGpuFeatures` that it has.
   */
  readonly features?: readonly WebGpuFeature[] | undefined;
  /** `default`: no more than WebGPU guarantees everywhere. Default: `adapter`, all the adapter allows. */
  readonly limits?: "adapter" | "default" | undefined;
  /** Of several GPUs. Default: `high-performance`. */
  readonly powerPreference?: "high-performance" | "low-power" | undefined;
}
