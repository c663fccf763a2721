import { type Attributes, type GraphTensor, type Operation, operations } from "@longspan/core/graph";
import { seededIntegers, seededNormal } from "@longspan/core/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { runOperation } from "../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../testing/test-device.ts";
import { castKernels } from "./cast.ts";
import { concatenateKernels } from "./concatenate.ts";
import { gatherRowsKernels } from "./gather-rows.ts";
import { padKernels } from "./pad.ts";
import { reduceSumKernels } from "./reduce-sum.ts";
import { scatterRowsKernels } from "./scatter-rows.ts";
import { sliceKernels } from "./slice.ts";
import { transposeKernels } from "./transpose.ts";

let device: TestDevice;
beforeAll(async () => {
  device = await testDevice({ features: [], limits: "default" });
});
afterAll(() => device.device.destroy());

const floats = (...shape: number[]): GraphTensor => seededNormal(1, shape);
const flags = (...shape: number[]): GraphTensor => {
  const { data } = seededIntegers(1, shape, 0, 2);
  return { dataType: "bool", shape, data: Uint8Array.from(data) };
};
const indices = (shape: readonly number[], ...data: number[]): GraphTensor => ({ dataType: "int32", shape, data: Int32Array.from(data) });
const none = (...shape: number[]): GraphTensor => ({ dataType: "float32", shape, data: new Float32Array() });

type Case = readonly [
  name: string,
  kernels: OperationKernels,
  operation: Operation,
  inputs: readonly GraphTensor[],
  attributes?: Attributes | undefined,
];

const cases: readonly Case[] = [
  ["transpose: rows of four", transposeKernels, operations.transpose, [floats(2, 5, 3, 8)], { permutation: [0, 2, 1, 3] }],
  ["transpose: flags", transposeKernels, operations.transpose, [flags(5, 7)], { permutation: [1, 0] }],
  ["transpose: nothing moves", transposeKernels, operations.transpose, [floats(5, 1, 7)], { permutation: [1, 0, 2] }],
  ["slice: by fours", sliceKernels, operations.slice, [floats(3, 5, 8)], { axis: 1, start: 2, end: 4 }],
  ["slice: off the fours", sliceKernels, operations.slice, [floats(3, 5, 8)], { axis: 2, start: 1, end: 5 }],
  ["slice: flags", sliceKernels, operations.slice, [flags(9)], { axis: 0, start: 3, end: 9 }],
  ["concatenate: one of them empty", concatenateKernels, operations.concatenate, [floats(2, 4), none(2, 0), floats(2, 8)], { axis: 1 }],
  ["concatenate: flags off the fours", concatenateKernels, operations.concatenate, [flags(2, 3), flags(2, 5)], { axis: 1 }],
  ["pad: nothing there", padKernels, operations.pad, [none(2, 0, 3)], { axis: 1, before: 1, after: 2, value: 2.5 }],
  ["pad: nothing to add", padKernels, operations.pad, [floats(2, 3)], { axis: 1, before: 0, after: 0, value: 1 }],
  ["pad: a negative integer", padKernels, operations.pad, [indices([2], 4, 5)], { axis: 0, before: 2, after: 1, value: -7 }],
  ["gatherRows: by fours", gatherRowsKernels, operations.gatherRows, [floats(2, 5, 8), indices([2, 3], 4, 0, 1, 2, 2, 3)]],
  ["gatherRows: single numbers", gatherRowsKernels, operations.gatherRows, [floats(2, 5), indices([2, 1], 4, 0)]],
  [
    "scatterRows: by fours",
    scatterRowsKernels,
    operations.scatterRows,
    [floats(2, 5, 8), indices([2, 2], 4, 0, 1, 2), seededNormal(7, [2, 2, 8])],
  ],
  ["scatterRows: no rows", scatterRowsKernels, operations.scatterRows, [floats(2, 5, 3), indices([2, 0]), none(2, 0, 3)]],
  ["reduceSum: nothing to sum", reduceSumKernels, operations.reduceSum, [none(2, 0, 3)], { axis: 1 }],
  ["reduceSum: nothing to sum along the last axis", reduceSumKernels, operations.reduceSum, [none(2, 0)], { axis: 1 }],
  ["reduceSum: integers that wrap", reduceSumKernels, operations.reduceSum, [indices([1, 2], 2 ** 31 - 1, 2)], { axis: 1 }],
  ["cast: flags to integers", castKernels, operations.cast, [flags(7)], { dataType: "int32" }],
  ["cast: flags to flags", castKernels, operations.cast, [flags(8)], { dataType: "bool" }],
  [
    "cast: numbers to flags",
    castKernels,
    operations.cast,
    [{ dataType: "float32", shape: [4], data: Float32Array.of(0, -0, 1e-30, Number.NaN) }],
    { dataType: "bool" },
  ],
];

for (const [name, kernels, operation, inputs, attributes = {}] of cases) {
  test(`${name}, as its meaning says`, async () => {
    const [expected] = operation.evaluate(inputs, attributes, new Map());
    const [actual] = await runOperation(device, kernels, inputs, { attributes });
    expect(actual).toEqual(expected);
  });
}
