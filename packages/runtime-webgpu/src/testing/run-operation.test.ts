import { expect, test } from "vitest";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { runOperation } from "./run-operation.ts";
import { testDevice } from "./test-device.ts";

const sum: OperationKernels = {
  operation: "add",
  plan: ({ inputs, outputs }) => [
    {
      kernel: {
        name: "sum",
        access: ["read", "read", "write"],
        code: `
struct Uniforms { elements: u32, a: u32, b: u32, c: u32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < uniforms.elements) { out[id.x] = left[id.x] + right[id.x]; }
}`,
      },
      uniforms: Uint32Array.of(3, 0, 0, 0).buffer,
      operands: [...inputs, ...outputs].map((tensor) => ({ tensor })),
      workgroups: [1, 1, 1],
      work: { floatingPointOperations: 3, bytes: 36 },
    },
  ],
};

test("runs a kernel on the device of this machine", async () => {
  const tensor = (...values: number[]) => ({ dataType: "float32", shape: [3], data: Float32Array.from(values) }) as const;
  const [out] = await runOperation(await testDevice(), sum, [tensor(1, 2, 3), tensor(10, 20, 30)]);
  expect(Array.from(out?.data ?? [])).toEqual([11, 22, 33]);
});
