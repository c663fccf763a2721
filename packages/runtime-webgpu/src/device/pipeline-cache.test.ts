import { expect, test } from "vitest";
import type { Kernel } from "../kernel/kernel.ts";
import { testDevice } from "../testing/test-device.ts";
import { createPipelineCache } from "./pipeline-cache.ts";

const kernel: Kernel = {
  name: "nothing",
  access: [],
  code: "@group(0) @binding(0) var<uniform> uniforms: vec4<u32>; @compute @workgroup_size(1) fn main() { _ = uniforms; }",
};

test("a kernel is compiled once; one that was refused is tried again", async () => {
  const { device } = await testDevice();
  const create = device.createComputePipelineAsync.bind(device);
  let asked = 0;
  device.createComputePipelineAsync = (descriptor) => (++asked === 1 ? Promise.reject(new Error("busy")) : create(descriptor));
  const pipelines = createPipelineCache(device);
  await expect(pipelines.get(kernel)).rejects.toThrow("The kernel nothing does not compile: busy");
  const compiled = await pipelines.get(kernel);
  expect(await pipelines.get(kernel)).toBe(compiled);
  expect(asked).toBe(2);
  device.destroy();
});
