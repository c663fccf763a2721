import { openGpu } from "#gpu";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import { adapterLimits } from "../device/open-device.ts";
import { readDeviceFacts } from "../device/read-device-facts.ts";
import { webGpuFeatures, type WebGpuFeature } from "../device/web-gpu-features.ts";

export interface TestDeviceOptions {
  /** Features to ask for, of those the adapter has. Default: all that there is a use for. */
  readonly features?: readonly WebGpuFeature[];
  /** `default`: no more than WebGPU guarantees. `adapter`: all it has. Default: `adapter`. */
  readonly limits?: "default" | "adapter";
  /** Whose adapter it is of. Default: that of the process. */
  readonly gpu?: GPU;
}

export interface TestDevice {
  readonly device: GPUDevice;
  readonly facts: DeviceFacts;
}

export interface OpenedTestDevice extends TestDevice {
  readonly adapter: GPUAdapter;
}

/** A device for tests, of this machine's adapter. Without an adapter it throws: a test that cannot run has failed. */
export async function testDevice({
  features = webGpuFeatures,
  limits = "adapter",
  gpu,
}: TestDeviceOptions = {}): Promise<OpenedTestDevice> {
  const adapter = await (gpu ?? (await openGpu())).requestAdapter();
  if (adapter === null) throw new Error("this machine has no GPU adapter: see CONTRIBUTING.md for the software one that tests run on");
  const device = await adapter.requestDevice({
    // Types of WebGPU's standard do not know all of them.
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
    requiredLimits: limits === "adapter" ? adapterLimits(adapter) : {},
  });
  return { adapter, device, facts: readDeviceFacts(device, webGpuFeatures, adapter.info) };
}
