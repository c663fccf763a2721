import { nullDevice } from "../../packages/runtime-webgpu/src/testing/matrix-units.ts";
import type { TestDevice } from "../../packages/runtime-webgpu/src/testing/test-device.ts";

/** Dawn's own device without a backend: it takes all calls, computes nothing, and is done at once. It is taken for a GPU with matrix units. */
export async function hostOnlyDevice(): Promise<TestDevice> {
  const opened = await nullDevice();
  const { device } = opened;
  // Kernels are another device's, and not all of them would compile for this one.
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = () => createShaderModule({ code: "@compute @workgroup_size(1) fn main() {}" });
  return opened;
}
