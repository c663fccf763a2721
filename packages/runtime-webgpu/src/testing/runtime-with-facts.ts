import { liveDevice } from "../device/live-device.ts";
import { runtimeOnDevice } from "../runtime-on-device.ts";
import type { WebGpuOptions, WebGpuRuntime } from "../webgpu-options.ts";
import type { TestDevice } from "./test-device.ts";

/**
 * A runtime that takes a device for another kind of one: its sessions choose kernels as they would there, by rules where nothing else is said,
 * since measuring would tell of this device.
 */
export function runtimeWithFacts({ device, facts }: TestDevice, options: WebGpuOptions = {}): WebGpuRuntime {
  const live = liveDevice(device, facts, "Make another device");
  return runtimeOnDevice(
    { borrow: async () => ({ live, giveBack: () => undefined }), close: () => undefined },
    { tuning: "rules", ...options },
  );
}
