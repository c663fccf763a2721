import { testDevice, type TestDevice } from "./test-device.ts";

/**
 * The kinds of device that kernels tell apart, on this machine's one adapter: as it is, as if it were a GPU with subgroups, and as if it were
 * one with no more than WebGPU guarantees.
 */
export const deviceKinds: readonly { readonly name: string; readonly open: () => Promise<TestDevice> }[] = [
  { name: "an adapter as it is", open: () => testDevice() },
  { name: "a GPU with subgroups", open: async () => asGpu(await testDevice()) },
  {
    name: "a GPU with no more than WebGPU guarantees",
    open: async () => asGpu(await testDevice({ features: [], limits: "default" })),
  },
];

function asGpu(opened: TestDevice): TestDevice {
  return { ...opened, facts: { ...opened.facts, kind: "gpu" } };
}
