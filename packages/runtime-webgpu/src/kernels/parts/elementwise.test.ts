import { type GraphTensor, type Operation, operations } from "@longspan/core/graph";
import { seededIntegers, seededNormal, tensorDifference } from "@longspan/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceTensor } from "../../kernel/kernel.ts";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { runOperation } from "../../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { arithmeticKernels } from "../arithmetic.ts";
import { planElementwise } from "./elementwise.ts";
import { equalKernels } from "../equal.ts";
import { selectKernels } from "../select.ts";
import { transposeKernels } from "../transpose.ts";

let device: TestDevice;
beforeAll(async () => {
  device = await testDevice();
});
afterAll(() => device.device.destroy());

async function compare(kernels: OperationKernels, operation: Operation, inputs: readonly GraphTensor[], attributes = {}): Promise<void> {
  const [expected] = operation.evaluate(inputs, attributes, new Map());
  if (expected === undefined) throw new Error("the operation gave nothing");
  const [actual] = await runOperation(device, kernels, inputs, { attributes });
  expect(tensorDifference(actual, expected, { absolute: 1e-6, relative: 1e-6 })).toBe(undefined);
}

const kernelsOf = (name: string): OperationKernels => {
  const found = arithmeticKernels.find(({ operation }) => operation === name);
  if (found === undefined) throw new Error(`no kernels of ${name}`);
  return found;
};

/** A shape, and some of its axes as 1 or left out in front: what stretches to it. */
const stretching = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
  .chain((shape) =>
    fc.tuple(
      ...[0, 1, 2].map(() =>
        fc
          .record({ ones: fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }), missing: fc.nat(shape.length) })
          .map(({ ones, missing }) => shape.map((size, axis) => (ones[axis] === true ? 1 : size)).slice(missing)),
      ),
    ),
  );

describe("operations on elements", () => {
  test("stretch any shapes to each other", async () => {
    await fc.assert(
      fc.asyncProperty(stretching, async ([left = [], right = [], third = []]) => {
        await compare(kernelsOf("subtract"), operations.subtract, [seededNormal(1, left), seededNormal(2, right)]);
        const condition = seededIntegers(3, third, 0, 2);
        const flags = { dataType: "bool", shape: third, data: Uint8Array.from(condition.data) } as const;
        await compare(selectKernels, operations.select, [flags, seededNormal(1, left), seededNormal(2, right)]);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    [[3, 5, 8], [8]],
    [
      [3, 5, 8],
      [5, 8],
    ],
    [
      [3, 5, 8],
      [1, 5, 8],
    ],
    [[3, 5, 8], [1]],
    [
      [3, 5, 8],
      [3, 5, 1],
    ],
    [
      [3, 4, 7],
      [4, 7],
    ],
    [
      [3, 4, 7],
      [3, 4, 7],
    ],
    [[1], [1]],
    [[], []],
    [[64, 300], [300]],
  ])("add %j and %j, and the other way round", async (left, right) => {
    await compare(kernelsOf("add"), operations.add, [seededNormal(1, left), seededNormal(2, right)]);
    await compare(kernelsOf("add"), operations.add, [seededNormal(1, right), seededNormal(2, left)]);
    await compare(equalKernels, operations.equal, [seededIntegers(1, left, 0, 3), seededIntegers(2, right, 0, 3)]);
  });

  test("go by fours where rows repeat, one element at a time where nothing else fits", () => {
    const tensor = (...shape: number[]): DeviceTensor => ({
      name: "t",
      shape,
      storage: "float32",
      byteLength: 4 * shape.reduce((product, size) => product * size, 1),
    });
    const nameFor = (left: DeviceTensor, right: DeviceTensor, out: DeviceTensor): string | undefined =>
      kernelsOf("add").plan(
        { name: "n", operation: "add", attributes: {}, inputs: [left, right], outputs: [out] },
        { facts: device.facts, dimensions: new Map(), scratch: () => out, hostValues: () => undefined, derived: () => out },
      )[0]?.kernel.name;
    expect(nameFor(tensor(2, 3, 8), tensor(2, 3, 8), tensor(2, 3, 8))).toBe("add-float32-fours");
    expect(nameFor(tensor(2, 3, 8), tensor(8), tensor(2, 3, 8))).toBe("add-float32-fours-repeated");
    expect(nameFor(tensor(), tensor(2, 3, 8), tensor(2, 3, 8))).toBe("add-float32-fours-single");
    expect(nameFor(tensor(2, 1, 8), tensor(2, 3, 8), tensor(2, 3, 8))).toBe("add-float32-strided");
    expect(nameFor(tensor(3, 3), tensor(3, 3), tensor(3, 3))).toBe("add-float32-strided");
  });

  test("divide integers towards zero, and by zero give zero", async () => {
    const integers = (...data: number[]): GraphTensor => ({ dataType: "int32", shape: [data.length], data: Int32Array.from(data) });
    await compare(kernelsOf("divide"), operations.divide, [integers(7, -7, 7, -7, 0, 5, -5, 0), integers(2, 2, -2, -2, 3, 0, 0, 0)]);
    await compare(kernelsOf("multiply"), operations.multiply, [integers(65_536, -3, 46_341), integers(65_536, 7, 46_341)]);
  });

  test("choose without letting the other through", async () => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -3.4028234663852886e38];
    const yes = { dataType: "float32", shape: [8], data: Float32Array.from([...special, 1, 2, 3, 4]) } as const;
    const no = { dataType: "float32", shape: [8], data: Float32Array.from([5, 6, 7, 8, ...special]) } as const;
    const condition = { dataType: "bool", shape: [8], data: Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1) } as const;
    for (const length of [8, 7]) {
      const cut = <Type extends { readonly data: Float32Array | Uint8Array }>(tensor: Type): Type => ({
        ...tensor,
        shape: [length],
        data: tensor.data.slice(0, length),
      });
      const [chosen] = await runOperation(device, selectKernels, [cut(condition), cut(yes), cut(no)]);
      expect(Array.from(chosen?.data ?? [])).toEqual([5, 6, 7, 8, 1, 2, 3, 4].slice(0, length));
    }
  });

  test("go in ranges over the binding limit, and in two dimensions of workgroups", async () => {
    const narrow: TestDevice = {
      ...device,
      facts: {
        ...device.facts,
        limits: { ...device.facts.limits, maxStorageBufferBindingSize: 4096, maxComputeWorkgroupsPerDimension: 3 },
      },
    };
    const inputs = [seededNormal(1, [21, 128]), seededNormal(2, [128])];
    const [expected] = operations.add.evaluate(inputs, {}, new Map());
    const [actual] = await runOperation(narrow, kernelsOf("add"), inputs);
    if (expected === undefined) throw new Error("the operation gave nothing");
    expect(tensorDifference(actual, expected, { absolute: 0, relative: 0 })).toBe(undefined);
  });

  test("take more axes than uniforms hold", async () => {
    const shape = Array.from({ length: 10 }, () => 2);
    const permutation = shape.map((_, axis) => 9 - axis);
    await compare(transposeKernels, operations.transpose, [seededNormal(1, shape)], { permutation });
    const comb = shape.map((size, axis) => (axis % 2 === 0 ? size : 1));
    await compare(kernelsOf("add"), operations.add, [seededNormal(1, comb), seededNormal(2, shape)]);
  });

  test("refuse what is over the limit and cannot go in ranges", () => {
    const tensor = (name: string, shape: readonly number[]): DeviceTensor => ({
      name,
      shape,
      storage: "float32",
      byteLength: 4 * shape.reduce((product, size) => product * size, 1),
    });
    const out = tensor("out", [2, 2 ** 14, 2 ** 14]);
    const refused = (): unknown =>
      planElementwise(
        { name: "sum", operationsPerElement: 1, expression: (inputs) => inputs.join(" + ") },
        [tensor("column", [2 ** 14, 1]), out],
        out,
        {
          facts: { ...device.facts, limits: { ...device.facts.limits, maxStorageBufferBindingSize: 2 ** 27 } },
          dimensions: new Map(),
          scratch: () => out,
          hostValues: () => undefined,
          derived: () => out,
        },
      );
    expect(refused).toThrow(expect.objectContaining({ code: "device-limit" }));
  });
});
