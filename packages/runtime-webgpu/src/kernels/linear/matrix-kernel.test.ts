import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Attributes, GraphTensor } from "@longspan/core/graph";
import { gpuOperations } from "../../fusion/index.ts";
import type { DeviceFacts, MatrixShape } from "../../kernel/device-facts.ts";
import type { Storage } from "../../kernel/kernel.ts";
import { knownMatrixShapes, refusalOf } from "../../testing/matrix-units.ts";
import { runOperation } from "../../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { linearActivation } from "./linear-activation.ts";
import { linearAdd } from "./linear-add.ts";
import { linear } from "./linear.ts";
import type { ProductForm } from "./product-code.ts";
import { createProductKernels } from "./product-kernel.ts";
import { tilingsOf } from "./heuristic-tiling.ts";
import { matrixTiling, type MatrixTile, type MatrixTiling } from "./tiling.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});
afterAll(() => gpu.device.destroy());

const [square, narrow, small] = knownMatrixShapes as readonly [MatrixShape, MatrixShape, MatrixShape];
const tilingOf = (tile: MatrixTile, shape: MatrixShape = square): MatrixTiling =>
  matrixTiling(tile, { form: "plain", shapes: [shape], lanes: 32 }, shape);

const creators = { linear, linearActivation, linearAdd };

interface Case {
  readonly name: string;
  readonly operation?: keyof typeof creators;
  readonly tiling: MatrixTiling;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Of x, the addend and what comes out. Default: float16. */
  readonly storages?: readonly [x: Storage, addend: Storage, out: Storage];
  readonly attributes?: Attributes;
}

const cases: readonly Case[] = [
  { name: "whole tiles", tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32] }), rows: 64, columns: 64, inner: 64 },
  {
    name: "rows, columns and inner axis past the tiles",
    tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32] }),
    rows: 50,
    columns: 36,
    inner: 72,
  },
  { name: "less than a tile", tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32] }), rows: 3, columns: 4, inner: 8 },
  {
    name: "matrices of 16 x 8 x 16",
    tiling: tilingOf({ workgroup: [16, 32, 32], subgroup: [16, 16] }, narrow),
    rows: 33,
    columns: 40,
    inner: 64,
  },
  {
    name: "matrices of 8 x 8 x 8",
    tiling: tilingOf({ workgroup: [16, 16, 16], subgroup: [16, 16] }, small),
    rows: 33,
    columns: 40,
    inner: 32,
  },
  {
    name: "sums that go through memory in strips",
    operation: "linearAdd",
    tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32], sumColumns: 16 }),
    rows: 50,
    columns: 36,
    inner: 72,
  },
  {
    name: "subgroups beside each other's rows, as wide as the tile",
    operation: "linearAdd",
    tiling: tilingOf({ workgroup: [64, 48, 64], subgroup: [16, 48] }),
    rows: 70,
    columns: 100,
    inner: 72,
  },
  {
    name: "strips that leave invocations without work",
    operation: "linearAdd",
    tiling: tilingOf({ workgroup: [16, 16, 16], subgroup: [16, 16], sumColumns: 8 }, small),
    rows: 20,
    columns: 36,
    inner: 32,
  },
  {
    name: "parts of the inner axis",
    tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32], parts: 3 }),
    rows: 40,
    columns: 36,
    inner: 168,
  },
  {
    name: "parts, and a residual",
    operation: "linearAdd",
    tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32], parts: 2 }),
    rows: 40,
    columns: 36,
    inner: 64,
  },
  {
    name: "a residual of float32, from float32 to float32",
    operation: "linearAdd",
    tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32] }),
    rows: 33,
    columns: 36,
    inner: 40,
    storages: ["float32", "float32", "float32"],
  },
  {
    name: "a function",
    operation: "linearActivation",
    tiling: tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32] }),
    rows: 32,
    columns: 36,
    inner: 32,
    attributes: { function: "gelu" },
    storages: ["float16", "float16", "float32"],
  },
];

/** Numbers in steps of 1/16 up to 1, so that sums of a few hundred products are exact in float32; not all of them in float16. */
function tensor(shape: readonly number[], seed: number): GraphTensor & { dataType: "float32" } {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.round((state / 2 ** 32 - 0.5) * 32) / 16;
  };
  return { dataType: "float32", shape, data: Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, next) };
}

describe("linear layers on matrix units, computed in plain WGSL", () => {
  test.each(cases)(
    "$name",
    async ({ operation = "linear", tiling, rows, columns, inner, storages = ["float16", "float16", "float16"], attributes = {} }) => {
      const inputs = [tensor([rows, inner], 1), tensor([columns, inner], 2), tensor([columns], 3)];
      if (operation === "linearAdd") inputs.push(tensor([rows, columns], 4));
      const [expected] = gpuOperations.get(operation)?.evaluate(inputs, attributes, new Map()) ?? [];
      const [actual] = await runOperation(
        gpu,
        creators[operation](() => tiling, createProductKernels()),
        inputs,
        {
          attributes,
          storages: [storages[0], "float16", undefined, storages[1]],
          outputStorages: [storages[2]],
          outputs: [{ dataType: "float32", shape: [rows, columns] }],
        },
      );
      const allowed = storages[2] === "float16" ? 2 ** -11 : 1e-6;
      const wrong = [...(expected?.data ?? [])].flatMap((wanted, at) => {
        const found = Number(actual?.data[at]);
        return Math.abs(found - wanted) <= allowed * Math.max(1, Math.abs(wanted)) ? [] : [{ at, found, wanted }];
      });
      expect(actual?.data.length).toBe(rows * columns);
      expect(wrong.slice(0, 5)).toEqual([]);
    },
  );

  test("what float16 cannot hold is no number", async () => {
    const x = { dataType: "float32", shape: [2, 8], data: new Float32Array(16).fill(200) } as const;
    const weight = { dataType: "float32", shape: [8, 8], data: Float32Array.from({ length: 64 }, (_, at) => (at < 8 ? 200 : 1)) } as const;
    const tiling = tilingOf({ workgroup: [32, 32, 32], subgroup: [16, 32] });
    const [out] = await runOperation(
      gpu,
      linear(() => tiling, createProductKernels()),
      [x, weight],
      {
        storages: ["float16", "float16"],
        outputStorages: ["float16"],
        outputs: [{ dataType: "float32", shape: [2, 8] }],
      },
    );
    // Four numbers share what one of them is.
    const row = [...Array.from({ length: 4 }, () => Number.NaN), 1600, 1600, 1600, 1600];
    expect(Array.from(out?.data ?? [])).toEqual([...row, ...row]);
  });
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
        matrixUnits: { form: "device", shapes: [shape], lanes: 32 },
      };
      const tilings = tilingsOf(facts, "float16").filter((tiling) => tiling.kind === "matrix");
      expect(tilings.length).toBeGreaterThan(2);
      const kernels = createProductKernels();
      for (const tiling of tilings) expect([tiling.name, await refusalOf(kernels(tiling, form))]).toEqual([tiling.name, undefined]);
    });
});
