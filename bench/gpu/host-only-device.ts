import { create } from "webgpu";
import { adapterLimits } from "../../packages/runtime-webgpu/src/device/open-device.ts";
import { readDeviceFacts } from "../../packages/runtime-webgpu/src/device/read-device-facts.ts";
import type { TestDevice } from "../../packages/runtime-webgpu/src/testing/test-device.ts";
import { webGpuFeatures } from "../../packages/runtime-webgpu/src/device/web-gpu-features.ts";

/** Kept, or collecting it ends the process. */
const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);

/** Dawn's own device without a backend: it takes all calls, computes nothing, and is done at once. It is taken for a GPU with matrix units. */
export async function hostOnlyDevice(): Promise<TestDevice> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error("Dawn has no null backend here");
  const device = await adapter.requestDevice({
    requiredFeatures: webGpuFeatures.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
    requiredLimits: adapterLimits(adapter),
  });
  // Kernels are another device's, and not all of them would compile for this one.
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = () => createShaderModule({ code: "@compute @workgroup_size(1) fn main() {}" });
  const shapes = [
    { rows: 16, columns: 16, inner: 16 },
    { rows: 16, columns: 8, inner: 16 },
  ];
  const facts = readDeviceFacts(device, webGpuFeatures, adapter.info);
  return {
    device,
    facts: { ...facts, kind: "gpu", subgroups: { minimum: 32, maximum: 32 }, matrixUnits: { form: "device", shapes, lanes: 32 } },
  };
}
