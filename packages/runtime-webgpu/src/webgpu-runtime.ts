import { checkOptions, type OptionNames } from "@longspan/core/adapter";
import { sharedDevice } from "./device/shared-device.ts";
import { runtimeOnDevice } from "./runtime-on-device.ts";
import type { WebGpuOptions, WebGpuRuntime } from "./webgpu-options.ts";

const optionNames: OptionNames<WebGpuOptions> = {
  precision: true,
  tuning: true,
  device: true,
  adapter: true,
  features: true,
  limits: true,
  powerPreference: true,
};

/**
 * Runs graphs on a GPU, through WebGPU: in browsers, and in Node with the package `webgpu` (Dawn).
 *
 * Nothing is opened before the first `prepare`. The sessions of one runtime share its device, which is destroyed with the last of them; a
 * device that was passed is never destroyed, and the one device that a passed adapter gives stands until the runtime is disposed. A device that
 * was lost (`device-lost` from runs under way and later ones) is replaced when the next session is prepared, unless the caller's own device or
 * adapter was passed.
 *
 * `prepare` throws what core's contract says, and LongspanError `module-missing` (Node without the package `webgpu`), `device-missing` (no
 * GPU), `feature-missing` (one asked for by name, or `profile` without timestamps), `device-limit` (a tensor too large for the device,
 * named), `out-of-memory`, `device-lost`, `value-overflow` (a weight that float16 cannot hold). Runs
 * throw `value-overflow` where values between layers leave float16, naming the outputs.
 *
 * @throws LongspanError `argument-invalid`, for options that there are not.
 *
 *     const session = await webgpu().prepare(graph, weights);
 */
export function webgpu(options: WebGpuOptions = {}): WebGpuRuntime {
  checkOptions(options, optionNames, "webgpu");
  return runtimeOnDevice(sharedDevice(options), options);
}
