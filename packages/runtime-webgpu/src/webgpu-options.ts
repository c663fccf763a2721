// For programs compiled without it: their declarations name Symbol.asyncDispose.
/// <reference lib="esnext.disposable" preserve="true" />
import type { Runtime } from "@longspan/core/runtime";
import type { DeviceOptions } from "./device/device-options.ts";
import type { LinearTuning } from "./kernels/linear/check-tuning.ts";

/** What `webgpu` takes: how weights are kept, and the device. */
export interface WebGpuOptions extends DeviceOptions {
  /**
   * How numbers lie in GPU memory when `prepare` is not told. `float16` halves what weights take and, on GPUs, what kernels pass on to each other;
   * sums, softmax, normalizations and outputs are in float32 all the same. It needs no feature of the GPU; where there are matrix units, linear
   * layers and attention run on them. Default: `float32`.
   */
  readonly precision?: "float32" | "float16" | undefined;
  /**
   * How linear layers and attention are cut up for the device. `measured`: while something of a model is not measured on a device, `prepare` measures what
   * is fastest, the dearest first, for half a second at most, and keeps it by device, driver and what was asked of them (Node: the user's cache folder;
   * browsers: the Cache API); the next `prepare` goes on from there. `rules`: by the device's facts, nothing is measured or kept. Or what `tuneLinear` gave,
   * for linear layers; attention is then cut up by rules. Default: `measured`; on software adapters `rules`.
   */
  readonly tuning?: LinearTuning | "measured" | "rules" | undefined;
}

/** The runtime of `webgpu()`. */
export interface WebGpuRuntime extends Runtime {
  /**
   * Disposes the sessions that still stand, and with the last of them the device, if it is ours. Sessions that are being prepared meanwhile are
   * not given out: `closed`.
   */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
