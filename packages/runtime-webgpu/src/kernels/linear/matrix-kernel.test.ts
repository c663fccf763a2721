import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { testLinearOnMatrixUnits } from "../../testing/linear-on-matrix-units.ts";
import { knownMatrixShapes, plainUnits, refusalOf } from "../../testing/matrix-units.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { tilingsOf } from "./heuristic-tiling.ts";
import type { ProductForm } from "./product-code.ts";
import { createProductKernels } from "./product-kernel.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});
afterAll(() => gpu.device.destroy());

describe("linear layers on matrix units, computed in plain WGSL", () => {
  testLinearOnMatrixUnits(() => gpu, plainUnits);
});

describe("Dawn takes the device's text", () => {
  const limits = { maxComputeWorkgroupStorageSize: 49_152, maxComputeInvocationsPerWorkgroup: 1024, maxComputeWorkgroupSizeX: 1024 };
  const plain: ProductForm = {
    rightLayout: "columns",
    leftStorage: "float16",
    rightStorage: "float16",
    outStorage: "float16",
    addendStorage: "float16",
    innerByFours: true,
    innerByTiles: true,
    columnsByFours: true,
    bias: true,
    activation: undefined,
    addend: false,
    stacked: false,
    partial: false,
  };
  const forms: readonly (readonly [string, ProductForm])[] = [
    ["halves to halves", plain],
    ["a function", { ...plain, activation: "gelu" }],
    ["a residual", { ...plain, addend: true }],
    [
      "float32 on all sides, past the tiles",
      { ...plain, leftStorage: "float32", outStorage: "float32", addendStorage: "float32", addend: true, innerByTiles: false },
    ],
    ["a part", { ...plain, bias: false, outStorage: "float32", partial: true }],
  ];
  for (const shape of knownMatrixShapes)
    test.each(forms)(`matrices of ${shape.rows} x ${shape.columns} x ${shape.inner}: %s`, async (_, form) => {
      const facts: DeviceFacts = {
        ...gpu.facts,
        limits: { ...gpu.facts.limits, ...limits },
        matrixUnits: { shapes: [shape], lanes: 32 },
      };
      const tilings = tilingsOf(facts, "float16").filter((tiling) => tiling.kind === "matrix");
      expect(tilings.length).toBeGreaterThan(2);
      const kernels = createProductKernels();
      for (const tiling of tilings) expect([tiling.name, await refusalOf(kernels(tiling, form))]).toEqual([tiling.name, undefined]);
    });
});
