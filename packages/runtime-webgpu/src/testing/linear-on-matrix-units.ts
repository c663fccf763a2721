import { expect, test } from "vitest";
import type { Attributes } from "@longspan/core/graph";
import { gpuOperations } from "../fusion/index.ts";
import type { MatrixShape, MatrixUnits } from "../kernel/device-facts.ts";
import type { Storage } from "../kernel/kernel.ts";
import { linearActivation } from "../kernels/linear/linear-activation.ts";
import { linearAdd } from "../kernels/linear/linear-add.ts";
import { linear } from "../kernels/linear/linear.ts";
import { createProductKernels } from "../kernels/linear/product-kernel.ts";
import { matrixTiling, type MatrixTile, type MatrixTiling } from "../kernels/linear/tiling.ts";
import { knownMatrixShapes } from "./matrix-units.ts";
import { runOperation } from "./run-operation.ts";
import { steppedTensor } from "./stepped-tensor.ts";
import type { TestDevice } from "./test-device.ts";

const [square, narrow, small] = knownMatrixShapes as readonly [MatrixShape, MatrixShape, MatrixShape];

const creators = { linear, linearActivation, linearAdd };

interface LinearCase {
  readonly name: string;
  readonly operation?: keyof typeof creators;
  /** A tile, its extents in matrices. */
  readonly matrices: MatrixTile;
  /** Of matrices, where units have several. Default: 16 x 16 x 16. */
  readonly shape?: MatrixShape;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Of x, the addend and what comes out. Default: float16. */
  readonly storages?: readonly [x: Storage, addend: Storage, out: Storage];
  readonly attributes?: Attributes;
}

const cases: readonly LinearCase[] = [
  { name: "whole tiles", matrices: { workgroup: [2, 2, 2], subgroup: [1, 2] }, rows: 64, columns: 64, inner: 64 },
  {
    name: "rows, columns and inner axis past the tiles",
    matrices: { workgroup: [2, 2, 2], subgroup: [1, 2] },
    rows: 50,
    columns: 36,
    inner: 72,
  },
  { name: "less than a tile", matrices: { workgroup: [2, 2, 2], subgroup: [1, 2] }, rows: 3, columns: 4, inner: 8 },
  {
    name: "matrices half as wide as high, where there are such",
    matrices: { workgroup: [1, 4, 2], subgroup: [1, 2] },
    shape: narrow,
    rows: 33,
    columns: 40,
    inner: 64,
  },
  {
    name: "subgroups of all of a small tile",
    matrices: { workgroup: [2, 2, 2], subgroup: [2, 2] },
    shape: small,
    rows: 33,
    columns: 40,
    inner: 32,
  },
  {
    name: "sums that go through memory in strips",
    operation: "linearAdd",
    matrices: { workgroup: [2, 2, 2], subgroup: [1, 2], sumColumns: 1 },
    rows: 50,
    columns: 36,
    inner: 72,
  },
  {
    name: "subgroups beside each other's rows, as wide as the tile",
    operation: "linearAdd",
    matrices: { workgroup: [4, 3, 4], subgroup: [1, 3] },
    rows: 70,
    columns: 100,
    inner: 72,
  },
  {
    name: "strips that leave invocations without work",
    operation: "linearAdd",
    matrices: { workgroup: [2, 2, 2], subgroup: [2, 2], sumColumns: 1 },
    shape: small,
    rows: 20,
    columns: 36,
    inner: 32,
  },
  {
    name: "parts of the inner axis",
    matrices: { workgroup: [2, 2, 2], subgroup: [1, 2], parts: 3 },
    rows: 40,
    columns: 36,
    inner: 168,
  },
  {
    name: "parts, and a residual",
    operation: "linearAdd",
    matrices: { workgroup: [2, 2, 2], subgroup: [1, 2], parts: 2 },
    rows: 40,
    columns: 36,
    inner: 64,
  },
  {
    name: "a residual of float32, from float32 to float32",
    operation: "linearAdd",
    matrices: { workgroup: [2, 2, 2], subgroup: [1, 2] },
    rows: 33,
    columns: 36,
    inner: 40,
    storages: ["float32", "float32", "float32"],
  },
  {
    name: "a function",
    operation: "linearActivation",
    matrices: { workgroup: [2, 2, 2], subgroup: [1, 2] },
    rows: 32,
    columns: 36,
    inner: 32,
    attributes: { function: "gelu" },
    storages: ["float16", "float16", "float32"],
  },
];

/** Not all sums of products are exact in float16. */
const tensor = (shape: readonly number[], seed: number) => steppedTensor(shape, seed, 16);

/** The tests of linear layers on matrix units, in whichever form these are computed: `unitsOf` says which units stand for those of a shape. */
export function testLinearOnMatrixUnits(device: () => TestDevice, unitsOf: (shape: MatrixShape) => MatrixUnits): void {
  const tilingOf = ({ workgroup, subgroup, sumColumns = subgroup[1], parts }: MatrixTile, wanted: MatrixShape): MatrixTiling => {
    const units = unitsOf(wanted);
    const shape = units.shapes[0] ?? wanted;
    const { rows, columns, inner } = shape;
    const tile = {
      workgroup: [workgroup[0] * rows, workgroup[1] * columns, workgroup[2] * inner],
      subgroup: [subgroup[0] * rows, subgroup[1] * columns],
      sumColumns: sumColumns * columns,
      ...(parts === undefined ? {} : { parts }),
    } as const;
    return matrixTiling(tile, units, shape);
  };

  test.each(cases)(
    "$name",
    async ({
      operation = "linear",
      matrices,
      shape = square,
      rows,
      columns,
      inner,
      storages = ["float16", "float16", "float16"],
      attributes = {},
    }) => {
      const inputs = [tensor([rows, inner], 1), tensor([columns, inner], 2), tensor([columns], 3)];
      if (operation === "linearAdd") inputs.push(tensor([rows, columns], 4));
      const [expected] = gpuOperations.get(operation)?.evaluate(inputs, attributes, new Map()) ?? [];
      const [actual] = await runOperation(
        device(),
        creators[operation](() => tilingOf(matrices, shape), createProductKernels()),
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
    const weight = {
      dataType: "float32",
      shape: [8, 8],
      data: Float32Array.from({ length: 64 }, (_, at) => (at < 8 ? 200 : 1)),
    } as const;
    const tiling = tilingOf({ workgroup: [2, 2, 2], subgroup: [1, 2] }, square);
    const [out] = await runOperation(
      device(),
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
}
