import { elementCount } from "@longspan/core";
import { type Attributes, type GraphTensor, type Operation, operations } from "@longspan/core/graph";
import { seededNormal, tensorDifference, type Tolerance } from "@longspan/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addNormalization } from "../fusion/add-normalization.ts";
import type { DeviceTensor } from "../kernel/kernel.ts";
import type { OperationKernels, PlanContext } from "../kernel/operation-kernels.ts";
import { defaultFacts } from "../testing/default-facts.ts";
import { deviceKinds } from "../testing/device-kinds.ts";
import { runOperation } from "../testing/run-operation.ts";
import type { TestDevice } from "../testing/test-device.ts";
import { addNormalizationKernels, layerNormalizationKernels } from "./layer-normalization.ts";
import { reduceSumKernels } from "./reduce-sum.ts";
import { softmaxKernels } from "./softmax.ts";

/** Rows shorter than a subgroup, than a workgroup, one past, by ones and by fours; rows for one workgroup and one past. */
const shapes: readonly (readonly number[])[] = [
  [1, 1],
  [1, 5],
  [9, 3],
  [2, 63],
  [3, 64],
  [2, 65],
  [3, 3, 256],
  [2, 257],
  [1, 260],
  [17, 768],
];

const sums: Tolerance = { absolute: 1e-5, relative: 1e-5 };
const epsilon = { epsilon: 1e-5 };

describe.each(deviceKinds)("rows on $name", ({ open }) => {
  let device: TestDevice;
  beforeAll(async () => {
    device = await open();
  });
  afterAll(() => device.device.destroy());

  async function compare(
    kernels: OperationKernels,
    operation: Operation,
    inputs: readonly GraphTensor[],
    attributes: Attributes,
    tolerance: Tolerance,
    on: TestDevice = device,
  ): Promise<void> {
    const [expected] = operation.evaluate(inputs, attributes, new Map());
    if (expected === undefined) throw new Error("the operation gave nothing");
    const outputs = [{ dataType: expected.dataType, shape: expected.shape }];
    const [actual] = await runOperation(on, kernels, inputs, { attributes, outputs });
    expect(tensorDifference(actual, expected, tolerance)).toBe(undefined);
  }
  const vectors = (size: number): readonly GraphTensor[] => [seededNormal(8, [size], { mean: 1, scale: 0.2 }), seededNormal(9, [size])];

  test.each(shapes)("of any length: [%i, %i, …]", async (...shape) => {
    const size = shape.at(-1) ?? 1;
    const x = seededNormal(1, shape, { scale: 3 });
    const y = seededNormal(2, shape);
    await compare(softmaxKernels, operations.softmax, [x], {}, { absolute: 1e-6, relative: 5e-6 });
    await compare(layerNormalizationKernels, operations.layerNormalization, [x, ...vectors(size)], epsilon, sums);
    await compare(addNormalizationKernels, addNormalization, [x, y, ...vectors(size)], epsilon, sums);
    await compare(reduceSumKernels, operations.reduceSum, [x], { axis: shape.length - 1 }, { absolute: 5e-5, relative: 1e-5 });
  });

  test("that lie in memory as float16", async () => {
    const coarse = (seed: number, shape: readonly number[]): GraphTensor => {
      const { data, ...rest } = seededNormal(seed, shape);
      return { ...rest, data: data.map((value) => Math.round(value * 64) / 64) };
    };
    for (const [rows, size] of [
      [3, 4],
      [5, 72],
      [2, 260],
    ] as const) {
      const inputs = [coarse(1, [rows, size]), coarse(2, [rows, size]), ...vectors(size)];
      const [expected] = addNormalization.evaluate(inputs, epsilon, new Map());
      if (expected === undefined) throw new Error("the operation gave nothing");
      const outputs = [{ dataType: expected.dataType, shape: expected.shape }];
      for (const [storages, out, tolerance] of [
        [["float16", "float16"], undefined, sums],
        [["float32", "float16"], "float16", { absolute: 1e-3, relative: 2 ** -11 }],
      ] as const) {
        const options = { attributes: epsilon, outputs, storages, outputStorages: [out] };
        const [actual] = await runOperation(device, addNormalizationKernels, inputs, options);
        expect(tensorDifference(actual, expected, tolerance)).toBe(undefined);
      }
    }
  });

  test("that hold infinities and the lowest number", async () => {
    const lowest = -3.4028234663852886e38;
    const minus = Number.NEGATIVE_INFINITY;
    const rows = [
      [1, minus, 2, lowest, 0.5, minus, minus, -1],
      [lowest, lowest, lowest, lowest, lowest, lowest, lowest, lowest],
      [lowest, 0, lowest, 0, lowest, lowest, lowest, 3.4e38],
    ];
    for (const size of [8, 7]) {
      const x: GraphTensor = { dataType: "float32", shape: [3, size], data: Float32Array.from(rows.flatMap((row) => row.slice(0, size))) };
      await compare(softmaxKernels, operations.softmax, [x], {}, { absolute: 1e-6, relative: 5e-6 });
    }
  });

  test("far from zero lose nothing, and rows of one number become the shift", async () => {
    for (const size of [12, 768, 767]) {
      const noise = seededNormal(3, [2, size]);
      // Numbers that float32 holds exactly: what differs then is the kernel's doing.
      const x: GraphTensor = { ...noise, data: noise.data.map((value) => 4096 + Math.round(value * 64) / 64) };
      await compare(layerNormalizationKernels, operations.layerNormalization, [x, ...vectors(size)], epsilon, sums);
      const same: GraphTensor = { ...x, data: x.data.map(() => 1234.5) };
      await compare(layerNormalizationKernels, operations.layerNormalization, [same, ...vectors(size)], epsilon, sums);
    }
  });

  test("go in ranges over the binding limit, and in two dimensions of workgroups", async () => {
    const limits = { ...device.facts.limits, maxStorageBufferBindingSize: 8192, maxComputeWorkgroupsPerDimension: 3 };
    const narrow: TestDevice = { ...device, facts: { ...device.facts, limits } };
    const x = seededNormal(1, [50, 72]);
    const y = seededNormal(2, [50, 72]);
    await compare(softmaxKernels, operations.softmax, [x], {}, { absolute: 1e-6, relative: 5e-6 }, narrow);
    await compare(addNormalizationKernels, addNormalization, [x, y, ...vectors(72)], epsilon, sums, narrow);
    const many = seededNormal(1, [300, 4]);
    await compare(reduceSumKernels, operations.reduceSum, [many], { axis: 1 }, sums, narrow);
  });
});

test("a sum in several ranges is as much work as in one", () => {
  const tensor = (name: string, shape: readonly number[]): DeviceTensor => ({
    name,
    shape,
    storage: "float32",
    byteLength: 4 * elementCount(shape),
  });
  const workOf = (maxStorageBufferBindingSize: number): readonly { floatingPointOperations: number; bytes: number }[] =>
    reduceSumKernels
      .plan(
        {
          name: "sum",
          operation: "reduceSum",
          attributes: { axis: 1 },
          inputs: [tensor("x", [1000, 64])],
          outputs: [tensor("sum", [1000, 1])],
        },
        { facts: { ...defaultFacts, limits: { ...defaultFacts.limits, maxStorageBufferBindingSize } } } as PlanContext,
      )
      .map(({ work }) => work);
  const total = (works: ReturnType<typeof workOf>, kind: "floatingPointOperations" | "bytes"): number =>
    works.reduce((sum, work) => sum + work[kind], 0);
  const [whole, cut] = [workOf(2 ** 27), workOf(2 ** 16)];
  expect([whole.length, cut.length]).toEqual([1, 4]);
  for (const kind of ["floatingPointOperations", "bytes"] as const) expect(total(cut, kind)).toBe(total(whole, kind));
  expect(whole[0]).toEqual({ floatingPointOperations: 64_000, bytes: 260_000 });
});
