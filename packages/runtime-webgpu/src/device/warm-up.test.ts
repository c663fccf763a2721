import { expect, test } from "vitest";
import { liveDevice } from "./live-device.ts";
import type { Dispatch } from "../kernel/kernel.ts";
import { testDevice } from "../testing/test-device.ts";
import { warmUp } from "./warm-up.ts";

test("kernels that need more of a binding than its least alignment, as those do that load matrices from it", async () => {
  const { device, facts } = await testDevice();
  const tensor = { name: "x", shape: [256], storage: "float32", byteLength: 1024 } as const;
  const dispatch: Dispatch = {
    kernel: {
      name: "sums-of-a-matrix",
      access: ["read", "write"],
      code: `@group(0) @binding(0) var<uniform> sizes: vec4<u32>;
@group(0) @binding(1) var<storage, read> matrix: array<f32, 256>;
@group(0) @binding(2) var<storage, read_write> out: array<f32, 256>;
@compute @workgroup_size(16)
fn main(@builtin(local_invocation_index) lane: u32) {
  if (lane < sizes.x) { out[lane] = matrix[lane]; }
}`,
    },
    uniforms: new ArrayBuffer(16),
    operands: [{ tensor }, { tensor: { ...tensor, name: "y" } }],
    workgroups: [1, 1, 1],
    work: { floatingPointOperations: 0, bytes: 0 },
  };
  await expect(warmUp(liveDevice(device, facts, "Open another"), [dispatch])).resolves.toBeUndefined();
  device.destroy();
});
