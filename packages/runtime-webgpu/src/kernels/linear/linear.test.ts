import { type Attributes, type Operation, standardOperations } from "@longspan/core/graph";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { fusedOperations } from "../../fusion/index.ts";
import type { DeviceTensor, Storage } from "../../kernel/kernel.ts";
import { runOperation } from "../../testing/run-operation.ts";
import { steppedTensor } from "../../testing/stepped-tensor.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { linearActivation } from "./linear-activation.ts";
import { linearAddNormalization } from "./linear-add-normalization.ts";
import { linearAdd } from "./linear-add.ts";
import { chooseTiling } from "./linear-tuning.ts";
import { linear, planLinear } from "./linear.ts";
import { createProductKernels } from "./product-kernel.ts";
import { tilingsOf } from "./heuristic-tiling.ts";
import { tileTiling, type Tiling } from "./tiling.ts";
import { defaultFacts } from "../../testing/default-facts.ts";

let gpu: TestDevice;
beforeAll(async () => {
  gpu = await testDevice();
});
afterAll(() => gpu.device.destroy());

const creators = { linear, linearActivation, linearAdd, linearAddNormalization };
const operations = new Map<string, Operation>([
  ...standardOperations,
  ...fusedOperations.map((operation) => [operation.name, operation] as const),
]);

/** float16 holds such steps as they are. */
const tensor = (shape: readonly number[], seed: number) => steppedTensor(shape, seed, 64);

interface Case {
  readonly operation?: keyof typeof creators;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly weight?: Storage;
  /** Of x, the addend and the output. */
  readonly activations?: Storage;
  readonly attributes?: Attributes;
  readonly bias?: boolean;
  readonly tiling?: Tiling;
  readonly facts?: DeviceFacts;
}

/** The largest distance from core's own sums, in float64. */
async function maxError({
  operation = "linear",
  rows,
  columns,
  inner,
  weight = "float32",
  activations = "float32",
  attributes = {},
  bias = true,
  tiling,
  facts,
}: Case): Promise<number> {
  const inputs = [tensor([rows, inner], 1), tensor([columns, inner], 2), ...(bias ? [tensor([columns], 3)] : [])];
  if (operation.startsWith("linearAdd")) inputs.push(tensor([rows, columns], 4));
  if (operation === "linearAddNormalization") inputs.push(tensor([columns], 5), tensor([columns], 6));
  const own = creators[operation](tiling === undefined ? chooseTiling(undefined) : () => tiling, createProductKernels());
  const [expected] = operations.get(operation)?.evaluate(inputs, attributes, new Map()) ?? [];
  const [actual] = await runOperation({ ...gpu, facts: facts ?? gpu.facts }, own, inputs, {
    attributes,
    storages: [activations, weight, undefined, ...(operation.startsWith("linearAdd") ? [activations] : [])],
    outputStorages: [activations],
    outputs: [{ dataType: "float32", shape: [rows, columns] }],
  });
  if (expected === undefined || actual === undefined) throw new Error("there is no output");
  expect(actual.data.length).toBe(expected.data.length);
  let largest = 0;
  for (const [index, value] of expected.data.entries()) {
    const error = Math.abs(value - (actual.data[index] ?? Number.NaN));
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

/** Float32 sums of up to 200 products of numbers up to 1. */
const tolerance = 2e-5;

describe("every tiling", () => {
  const facts = defaultFacts;
  const named = (name: string): Tiling => {
    const tiling = tilingsOf(facts).find((candidate) => candidate.name === name);
    if (tiling === undefined) throw new Error(`there is no ${name}`);
    return tiling;
  };

  // Of the tiles of one template: the one with most in an invocation, and the one with unlike sides.
  test.each(["tile-128x128", "tile-64x64", "lanes-rows-8x4-workgroup-64"])("%s: past a tile, and a part of one staged", async (name) => {
    expect(await maxError({ rows: 130, columns: 132, inner: 68, tiling: named(name) })).toBeLessThan(tolerance);
  });

  test.each([
    ["reading ahead", tileTiling({ threads: [8, 8], block: [4, 4], readsAhead: true }), 68],
    [
      "deeper, unrolled, reading ahead",
      tileTiling({ threads: [8, 8], block: [4, 4], stagedSteps: 8, readsAhead: true, unrolls: true }),
      64,
    ],
    ["unrolled where the inner axis does not come out even", tileTiling({ threads: [8, 8], block: [4, 4], unrolls: true }), 68],
    ["for many rows", tileTiling({ threads: [8, 8], block: [8, 8], readsAhead: true, unrolls: true }), 64],
    ["in parts of the inner axis", tileTiling({ threads: [8, 8], block: [4, 4], readsAhead: true, parts: 3 }), 140],
    ["in slices", tileTiling({ threads: [8, 8], block: [4, 4], slices: 2, readsAhead: true }), 68],
    [
      "in slices, unrolled, in parts",
      tileTiling({ threads: [8, 8], block: [8, 8], slices: 2, readsAhead: true, unrolls: true, parts: 2 }),
      128,
    ],
    ["in parts, unrolled", tileTiling({ threads: [8, 8], block: [4, 4], unrolls: true, parts: 2 }), 96],
  ])("a tile %s", async (_, tiling, inner) => {
    expect(await maxError({ operation: "linearAdd", rows: 34, columns: 36, inner, tiling })).toBeLessThan(tolerance);
  });

  test("a product in parts is added up by the normalization behind it", async () => {
    const tiling = tileTiling({ threads: [8, 8], block: [4, 4], parts: 3 });
    const normalized = { operation: "linearAddNormalization", attributes: { epsilon: 1e-5 }, tiling } as const;
    const subgroups = { ...facts, subgroups: gpu.facts.subgroups };
    for (const own of [facts, subgroups])
      for (const [rows, columns] of [
        [34, 36],
        [3, 260],
        // Rows of no fours, and longer ones than are kept in registers: the parts are added up first.
        [9, 33],
        [2, 1028],
      ] as const)
        expect([columns, (await maxError({ ...normalized, rows, columns, inner: 140, facts: own })) < tolerance]).toEqual([columns, true]);
    const halves = { weight: "float16", activations: "float16", facts: subgroups } as const;
    expect(await maxError({ ...normalized, ...halves, rows: 5, columns: 36, inner: 140 })).toBeLessThan(2e-3);
  });

  test("of this device, whatever it is: odd sizes, float32 and float16", async () => {
    for (const tiling of tilingsOf(gpu.facts).filter(({ kind }) => kind === "lanes")) {
      for (const weight of ["float32", "float16"] as const) {
        for (const [rows, columns, inner] of [
          [1, 1, 1],
          [3, 5, 3],
          [130, 7, 65],
        ] as const)
          expect([tiling.name, weight, rows, (await maxError({ rows, columns, inner, weight, tiling })) < tolerance]).toEqual([
            tiling.name,
            weight,
            rows,
            true,
          ]);
      }
    }
  });

  test.each(["split-64", "tile-32x32"])("%s: odd sizes of float16", async (name) => {
    for (const [rows, columns, inner] of [
      [1, 1, 1],
      [3, 5, 3],
      [33, 35, 131],
    ] as const)
      expect(await maxError({ rows, columns, inner, weight: "float16", tiling: named(name) })).toBeLessThan(tolerance);
  });
});

describe("what follows the sums", () => {
  test.each(["gelu", "silu"])("%s", async (name) => {
    const attributes = { function: name };
    expect(await maxError({ operation: "linearActivation", rows: 5, columns: 12, inner: 8, attributes })).toBeLessThan(1e-6);
  });

  test("a residual", async () => {
    expect(await maxError({ operation: "linearAdd", rows: 6, columns: 12, inner: 16, weight: "float16" })).toBeLessThan(tolerance);
    expect(await maxError({ operation: "linearAdd", rows: 6, columns: 5, inner: 16 })).toBeLessThan(tolerance);
  });

  test("nothing, not even a bias", async () => {
    expect(await maxError({ rows: 6, columns: 12, inner: 16, bias: false })).toBeLessThan(tolerance);
  });

  test("x has any axes before the last, or none", async () => {
    const own = linear(chooseTiling(undefined), createProductKernels());
    for (const shape of [[8], [2, 3, 8]]) {
      const inputs = [tensor(shape, 1), tensor([4, 8], 2)];
      const [expected] = operations.get("linear")?.evaluate(inputs, {}, new Map()) ?? [];
      const [actual] = await runOperation(gpu, own, inputs);
      expect(actual?.shape).toEqual(expected?.shape);
      expect(Array.from(actual?.data ?? [], (value) => Math.fround(value))).toEqual(Array.from(expected?.data ?? []));
    }
  });
});

/** Facts of this device with bindings of so many bytes, and grids as short as asked. */
function narrow(maxStorageBufferBindingSize: number, maxComputeWorkgroupsPerDimension = 65535): DeviceFacts {
  return { ...gpu.facts, limits: { ...gpu.facts.limits, maxStorageBufferBindingSize, maxComputeWorkgroupsPerDimension } };
}

describe("more than a binding", () => {
  test.each([
    ["the weight", 3, 200, 16, "float32", 8192],
    ["a weight of float16", 3, 204, 20, "float16", 8192],
    ["a weight of odd rows", 3, 201, 15, "float16", 8192],
    ["the output", 200, 12, 8, "float32", 8192],
    ["both, and of odd rows", 150, 68, 102, "float32", 27_000],
  ] as const)("%s", async (_, rows, columns, inner, weight, limit) => {
    const facts = narrow(limit);
    const halves = weight === "float16" ? 2 : 4;
    const planned = planLinear(
      {
        x: deviceTensor("x", [rows, inner]),
        weight: { ...deviceTensor("weight", [columns, inner]), storage: weight, byteLength: Math.ceil((columns * inner * halves) / 4) * 4 },
        bias: undefined,
        activation: undefined,
        addend: undefined,
        out: deviceTensor("out", [rows, columns]),
      },
      { facts, scratch: () => deviceTensor("scratch", [0]) },
      chooseTiling(undefined),
      createProductKernels(),
    );
    for (const { operands } of planned)
      for (const {
        tensor: { byteLength: all },
        byteOffset = 0,
        byteLength = all - byteOffset,
      } of operands) {
        expect(byteOffset % 256).toBe(0);
        expect(byteLength).toBeLessThanOrEqual(limit);
      }
    expect(await maxError({ operation: "linearAdd", rows, columns, inner, weight, facts })).toBeLessThan(tolerance);
  });

  // Few kinds of kernel: each takes most of a second to compile on a software adapter.
  test.each([
    ["float16", "multiples of 4", (size: number) => 4 * size],
    ["float32", "odd", (size: number) => 2 * size - 1],
  ] as const)("random limits and sizes: %s, %s", async (weight, _, sized) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5, max: 70 }),
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 15 }),
        fc.constantFrom(20_000, 40_000, 2 ** 27),
        async (rows, columns, inner, limit) => {
          const sizes = { rows, columns: sized(columns), inner: sized(inner) };
          expect(await maxError({ ...sizes, weight, facts: narrow(limit) })).toBeLessThan(tolerance);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("grids longer than a device allows", async () => {
    expect(await maxError({ rows: 150, columns: 90, inner: 8, facts: narrow(2 ** 27, 2) })).toBeLessThan(tolerance);
  });

  test("not even a row: refused", async () => {
    await expect(maxError({ rows: 2, columns: 4, inner: 3000, facts: narrow(8192) })).rejects.toMatchObject({ code: "device-limit" });
  });
});

function deviceTensor(name: string, shape: readonly number[]): DeviceTensor {
  return { name, shape, storage: "float32", byteLength: 4 * shape.reduce((product, size) => product * size, 1) };
}

describe("a linear layer and the normalization behind it", () => {
  const planned = (tiling: Tiling, rows: number, columns: number, limits = {}): readonly string[] => {
    const given = (name: string, shape: readonly number[]): DeviceTensor => ({
      name,
      shape,
      storage: "float32",
      byteLength: 4 * shape.reduce((product, size) => product * size, 1),
    });
    return linearAddNormalization(() => tiling, createProductKernels())
      .plan(
        {
          name: "out",
          operation: "linearAddNormalization",
          attributes: { epsilon: 1e-5 },
          inputs: [
            given("x", [rows, 64]),
            given("weight", [columns, 64]),
            given("bias", [columns]),
            given("addend", [rows, columns]),
            given("scale", [columns]),
            given("shift", [columns]),
          ],
          outputs: [given("out", [rows, columns])],
        },
        {
          facts: { ...defaultFacts, limits: { ...defaultFacts.limits, ...limits } },
          dimensions: new Map(),
          scratch: (storage, elements) => ({ ...given("scratch", [elements]), storage }),
          hostValues: () => undefined,
          derived: (key, elements) => given(key, [elements]),
        },
      )
      .map(({ kernel }) => kernel.name.split("-").slice(0, 2).join("-"));
  };
  const whole = tileTiling({ threads: [8, 8], block: [4, 4] });
  const cut = tileTiling({ threads: [8, 8], block: [4, 4], parts: 2 });

  test("are two dispatches, in parts or not; three where rows are longer than what is kept of them", () => {
    expect(planned(whole, 64, 64)).toEqual(["linear-tile", "layer-normalization"]);
    expect(planned(cut, 64, 64)).toEqual(["linear-tile", "split-normalization"]);
    expect(planned(cut, 64, 1028)).toEqual(["linear-tile", "linear-combine", "layer-normalization"]);
    // Parts that could not be bound are not made.
    expect(planned(cut, 64, 64, { maxStorageBufferBindingSize: 20_000 })).toEqual(["linear-tile", "layer-normalization"]);
  });
});
