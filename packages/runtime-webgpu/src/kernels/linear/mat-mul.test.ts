import { type GraphTensor, standardOperations } from "@longspan/core/graph";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { runOperation } from "../../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { chooseTiling } from "./linear-tuning.ts";
import { matMul } from "./mat-mul.ts";
import { createProductKernels } from "./product-kernel.ts";
import { tilingsOf } from "./heuristic-tiling.ts";
import type { Tiling } from "./tiling.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});
afterAll(() => gpu.device.destroy());

function tensor(shape: readonly number[], seed: number): GraphTensor {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (const index of data.keys()) data[index] = Math.sin(seed + index * 1.7);
  return { dataType: "float32", shape, data };
}

async function expectProduct(
  left: readonly number[],
  right: readonly number[],
  facts: DeviceFacts = gpu.facts,
  tiling?: Tiling,
): Promise<void> {
  const inputs = [tensor(left, 1), tensor(right, 2)];
  const own = matMul(tiling === undefined ? chooseTiling(undefined) : () => tiling, createProductKernels());
  const [expected] = standardOperations.get("matMul")?.evaluate(inputs, {}, new Map()) ?? [];
  const [actual] = await runOperation({ ...gpu, facts }, own, inputs);
  expect(actual?.shape).toEqual(expected?.shape);
  const errors = Array.from(expected?.data ?? [], (value, index) => Math.abs(value - (actual?.data[index] ?? Number.NaN)));
  expect(errors.every((error) => error < 1e-5)).toBe(true);
}

const narrow = (maxStorageBufferBindingSize: number, maxComputeWorkgroupsPerDimension = 65535): DeviceFacts => ({
  ...gpu.facts,
  limits: { ...gpu.facts.limits, maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension },
});

test.each([
  ["two axes", [5, 8], [8, 12]],
  ["odd sizes", [3, 5], [5, 7]],
  ["a stack", [4, 9, 8], [4, 8, 20]],
  ["the left stretches", [8, 4], [3, 4, 8]],
  ["the right stretches", [2, 3, 6, 4], [4, 8]],
  ["both stretch, in turn", [2, 1, 3, 6, 4], [1, 5, 1, 4, 8]],
  ["one row", [6, 1, 9], [6, 9, 10]],
])("%s", async (_, left, right) => {
  await expectProduct(left, right);
});

test("as on a GPU, through workgroup memory", async () => {
  const tiling = tilingsOf({ ...gpu.facts, kind: "gpu" }).find(({ name }) => name === "tile-128x128");
  await expectProduct([2, 1, 33, 20], [3, 20, 136], gpu.facts, tiling);
});

test("random shapes and limits", async () => {
  const size = fc.integer({ min: 1, max: 12 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom("both", "left", "right")), { maxLength: 3 }),
      // More rows than few, and of the other axes no multiples of 4: one kind of kernel, which takes most of a second to compile.
      fc.tuple(
        fc.integer({ min: 5, max: 12 }),
        size.filter((length) => length % 4 !== 0),
        size.filter((length) => length % 4 !== 0),
      ),
      fc.constantFrom(1024, 4096, 2 ** 27),
      async (axes, [rows, columns, inner], limit) => {
        const stack = (side: string): readonly number[] => axes.map(([length, stretched]) => (stretched === side ? 1 : length));
        await expectProduct([...stack("left"), rows, inner], [...stack("right"), inner, columns], narrow(limit));
      },
    ),
    { numRuns: 25 },
  );
});

test("a matrix larger than a binding goes by rows; stacks in runs; long grids in parts", async () => {
  await expectProduct([2, 70, 8], [2, 8, 9], narrow(2048));
  await expectProduct([40, 3, 5], [40, 5, 3], narrow(1024));
  await expectProduct([40, 3, 5], [1, 5, 3], narrow(2 ** 27, 16));
  await expectProduct([7, 80, 4], [7, 4, 40], narrow(2 ** 27, 2));
});

test("a right matrix larger than a binding: refused", async () => {
  await expect(expectProduct([2, 40], [40, 40], narrow(4096))).rejects.toMatchObject({ code: "device-limit" });
});
