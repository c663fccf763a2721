import { elementCount } from "@longspan/core";
import type { GraphTensor } from "@longspan/core/graph";
import { tensorDifference } from "@longspan/core/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { MatrixUnits } from "../../kernel/device-facts.ts";
import type { DeviceTensor } from "../../kernel/kernel.ts";
import {
  attentionCases,
  attentionDifferences,
  attentionLinear,
  attentionResults,
  attentionTolerance,
  fewCodes,
  found,
  mixedCodes,
  smallTilings,
  times,
  type AttentionCase,
  type AttentionSetting,
} from "../../testing/attention-cases.ts";
import { testAttentionOnMatrixUnits } from "../../testing/attention-on-matrix-units.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { knownMatrixShapes, plainUnits } from "../../testing/matrix-units.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { quadTiling } from "./attention-quads.ts";
import { globalSlots, listTokens } from "./attention-tokens.ts";
import { longformerAttentionKernels } from "./longformer-attention.ts";
import type { RowCut } from "./row-slices.ts";
import { tileAttentionTiling } from "./tile-attention.ts";

let shared: TestDevice;
let plain: TestDevice;
beforeAll(async () => {
  shared = await testDevice();
  plain = await testDevice({ features: [], limits: "default" });
});

const fewGlobals: AttentionCase = { batch: 2, sequence: 21, mask: [1, 2, 1, 2, 0] };

describe("longformerAttention", () => {
  for (const [name, attention] of Object.entries(attentionCases)) {
    test.each(["reassociated", "direct"] as const)(`${name} (%s)`, async (form) => {
      expect(await attentionDifferences(shared, attention, { form })).toEqual([]);
    });
  }

  test("probabilities where no token is global", async () => {
    expect(await attentionDifferences(shared, { sequence: 9, mask: [1, 1, 0], probabilities: true }, { form: "direct" })).toEqual([]);
  });

  test.each([1, 6, 12])("heads of %i elements", async (headSize) => {
    expect(await attentionDifferences(shared, { sequence: 19, headSize, mask: [1, 1, 0] }, { form: "direct" })).toEqual([]);
  });

  test.each([
    [3, "reassociated", true],
    [3, "direct", false],
    [8, "direct", true],
    [64, "reassociated", false],
    [128, "direct", false],
  ] as const)("heads of %i elements and global tokens (%s, weights in float16: %s)", async (headSize, form, float16) => {
    expect(await attentionDifferences(shared, { sequence: 20, headSize, mask: fewCodes, float16 }, { form })).toEqual([]);
  });

  test.each(["reassociated", "direct"] as const)("without subgroups, with default limits (%s)", async (form) => {
    for (const name of ["batch of different masks", "several splits of the keys"])
      expect(await attentionDifferences(plain, found(attentionCases[name]), { form })).toEqual([]);
  });

  test.each([
    ["reassociated", 4, smallTilings],
    ["direct", 6, smallTilings],
    ["direct", 4, { window: { kind: "staged", name: "staged" }, direct: { kind: "staged", name: "staged" } }],
  ] as const)("with the kernels for GPUs (%s, heads of %i)", async (form, headSize, tilings) => {
    for (const name of ["batch of different masks", "several splits of the keys", "a row all masked beside others", "all global"])
      expect(
        await attentionDifferences(
          plain,
          { ...found(attentionCases[name]), headSize, probabilities: true },
          { form, kind: "gpu", tilings },
        ),
      ).toEqual([]);
  });

  const inTurns = { maxComputeWorkgroupStorageSize: 10_000 };
  test.each<[name: string, AttentionCase & { readonly heads: number; readonly headSize: number }, RowCut, own?: Partial<AttentionSetting>]>(
    [
      ["in no fours, float32", { ...fewGlobals, heads: 2, headSize: 3 }, { rows: 1, ahead: 1 }],
      [
        "longer than what is mixed at a time, weights in float16, rows summed in turns",
        { ...fewGlobals, heads: 17, headSize: 64, float16: true },
        { rows: 2, ahead: 1 },
        { limits: inTurns },
      ],
      [
        "the same by eights, of hidden states, too",
        { ...fewGlobals, heads: 17, headSize: 64, float16: true },
        { rows: 1, ahead: 1, eights: true },
        { activations: "float16" },
      ],
      [
        "by eights beside hidden states of float32",
        { ...fewGlobals, heads: 3, headSize: 8, float16: true },
        { rows: 1, ahead: 1, eights: true },
      ],
      ["of the longest heads, rows summed at once", { ...fewGlobals, heads: 1, headSize: 128 }, { rows: 4, ahead: 1, eights: true }],
    ],
  )("the global tokens' own products on GPUs: vectors %s", async (_, attention, globalRows, own) => {
    const tilings = { ...smallTilings, globalRows };
    const { expected, actual } = await attentionResults(shared, attention, {
      form: "reassociated",
      kind: "gpu",
      tilings,
      globalsOnly: true,
      ...own,
    });
    const width = attention.heads * attention.headSize;
    const rowsOfGlobals = ([tensor]: readonly GraphTensor[]): GraphTensor => ({
      dataType: "float32",
      shape: [2 * 21, width],
      data: Float32Array.from(tensor?.data ?? [], (value, at) => (attention.mask[(Math.floor(at / width) % 42) % 5] === 2 ? value : 0)),
    });
    const tolerance = own?.activations === undefined ? attentionTolerance : { absolute: 1e-3, relative: 1e-3 };
    expect(tensorDifference(rowsOfGlobals(actual), rowsOfGlobals(expected), tolerance)).toBeUndefined();
  });

  test("with the window's keys split among workgroups", async () => {
    // A split that ends among the global tokens.
    const many = { sequence: 300, window: 60, mask: [...times(200, 2), ...times(90, 1), ...times(10, 0)] };
    const long = { batch: 2, sequence: 300, window: 280, mask: [2, 1, 1, 1, 1, 0, ...times(31, 1)] };
    // Tiles that do not come out even with a split.
    const tilings = { ...smallTilings, window: tileAttentionTiling(2, 12, 2), windowSplits: 3 };
    for (const attention of [many, long])
      expect(await attentionDifferences(shared, attention, { form: "reassociated", kind: "gpu", tilings })).toEqual([]);
    const halves = { form: "reassociated", kind: "gpu", tilings, activations: "joined float16" } as const;
    expect(await attentionDifferences(shared, { ...long, headSize: 6 }, halves)).toEqual([]);
  });

  test("with quads", async () => {
    const tilings = { window: quadTiling(16, 8, 2), direct: quadTiling(16, 8, 2) };
    for (const name of ["batch of different masks", "several splits of the keys", "probabilities"])
      expect(
        await attentionDifferences(shared, { ...found(attentionCases[name]), headSize: 16 }, { form: "direct", kind: "gpu", tilings }),
      ).toEqual([]);
  });

  test.each(["joined", "float16", "joined float16"] as const)("inputs and context %s", async (activations) => {
    for (const form of ["reassociated", "direct"] as const) {
      expect(await attentionDifferences(shared, { ...found(attentionCases["probabilities"]), headSize: 6 }, { form, activations })).toEqual(
        [],
      );
      const split = { ...found(attentionCases["several splits of the keys"]), headSize: form === "direct" ? 6 : 4 };
      expect(await attentionDifferences(shared, split, { form, activations, kind: "gpu", tilings: smallTilings })).toEqual([]);
    }
    // Heads that share a word.
    const odd = { ...found(attentionCases["batch of different masks"]), heads: 4, headSize: 3 };
    expect(
      await attentionDifferences(shared, odd, {
        form: "direct",
        activations,
        kind: "gpu",
        tilings: { ...smallTilings, direct: smallTilings.window },
      }),
    ).toEqual([]);
  });

  test.each(["reassociated", "direct"] as const)("in parts, where a binding holds one item of the batch (%s)", async (form) => {
    const attention: AttentionCase = { batch: 3, sequence: 32, headSize: 8, window: 6, mask: mixedCodes, probabilities: true };
    const limits = { maxStorageBufferBindingSize: 8192, maxComputeWorkgroupsPerDimension: 7 };
    expect(await attentionDifferences(shared, attention, { form, limits })).toEqual([]);
  });

  test("random shapes and masks", async () => {
    const attention = fc
      .record({ batch: fc.integer({ min: 1, max: 3 }), sequence: fc.integer({ min: 1, max: 90 }), window: fc.integer({ min: 1, max: 40 }) })
      .chain(({ batch, sequence, window }) =>
        fc.record({
          batch: fc.constant(batch),
          sequence: fc.constant(sequence),
          window: fc.constant(2 * window),
          heads: fc.constantFrom(1, 3),
          probabilities: fc.boolean(),
          mask: fc
            .constantFrom([1], [1, 1, 1, 1, 2], [0, 1, 1, 2], [0, 1], [0, 2], [0, 1, 1, 1, 1, 1, 1, 1, 2])
            .chain((codes) => fc.array(fc.constantFrom(...codes), { minLength: batch * sequence, maxLength: batch * sequence })),
        }),
      );
    await fc.assert(
      fc.asyncProperty(attention, fc.constantFrom("reassociated", "direct"), async (one, form) => {
        expect(await attentionDifferences(shared, one, { form })).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

const [square, narrow, small] = knownMatrixShapes.map(plainUnits) as [MatrixUnits, MatrixUnits, MatrixUnits];
describe("longformerAttention on matrix units, in plain WGSL", () => {
  testAttentionOnMatrixUnits(() => shared, {
    windows: [narrow, [1, 2, 16]],
    globals: square,
    joint: [square, 4],
    scaled: {
      "an invocation for each row, sums of more columns than keys": [square, [1, 2, 16], 24, 60],
      "four invocations for each row, subgroups that share rows": [small, [4, 1, 32, 2], 16, 60],
      "values in the memory of the keys": [small, [2, 1, 32, 1, true], 16, 60],
      "the same, and three subgroups that share rows": [small, [3, 1, 32, 3, true], 16, 200],
    },
  });
});

describe("what plans go by", () => {
  const mask = (shape: readonly number[], codes: readonly number[]): GraphTensor => ({
    dataType: "int32",
    shape,
    data: Int32Array.from(codes),
  });
  const kernels = longformerAttentionKernels({ linear: attentionLinear });

  test("numbers of global tokens share plans in powers of two", () => {
    const key = (globals: number, sequence = 100): string | undefined =>
      kernels.planKey?.([mask([1, sequence], [...times(globals, 2), ...times(sequence - globals, 1)])]);
    expect([0, 1, 2, 3, 5, 9, 100].map((globals) => key(globals))).toEqual(["0", "1", "2", "4", "8", "16", "100"]);
  });

  test("the number of global tokens of the fullest row is the dimension that the outputs have", () => {
    const given = mask([2, 3], [2, 1, 1, 2, 2, 0]);
    expect(kernels.introduced?.({ globals: "x" }, [given])).toEqual(new Map([["x", 2]]));
    expect(kernels.introduced?.({}, [given])).toEqual(new Map());
  });

  test("the list of tokens: how many are global, where the last one is, where the global ones are", () => {
    expect(Array.from(listTokens(mask([2, 4], [1, 2, 2, 0, 0, 0, 0, 0]), 2))).toEqual([2, 3, 1, 2, 0, 0, 0, 0]);
  });

  test("a batch of more items than a grid is long is planned in parts", () => {
    const [batch, slots] = [70_000, 1];
    const tensor = (name: string, shape: readonly number[]): DeviceTensor => ({
      name,
      shape,
      storage: "float32",
      byteLength: 4 * elementCount(shape),
    });
    const tokens = ["query", "key", "value", "hidden"].map((name) => tensor(name, [batch, 1, 4]));
    const weights = ["query", "key", "value"].flatMap((name) => [tensor(`${name} weight`, [4, 4]), tensor(`${name} bias`, [4])]);
    const codes = mask([batch, 1], times(batch, 2));
    const facts = { ...defaultFacts, limits: { ...defaultFacts.limits, maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31 } };
    const dispatches = kernels.plan(
      {
        name: "context",
        operation: "longformerAttention",
        attributes: { heads: 1, window: 2 },
        inputs: [...tokens, tensor("mask", [batch, 1]), ...weights],
        outputs: [tensor("context", [batch, 1, 4])],
      },
      {
        facts,
        dimensions: new Map(),
        scratch: (storage, elements) => ({ name: `scratch of ${elements}`, shape: [elements], storage, byteLength: 4 * elements }),
        hostValues: () => codes,
        derived: (key, elements) => tensor(key, [elements]),
      },
    );
    for (const { workgroups } of dispatches) expect(Math.max(...workgroups)).toBeLessThanOrEqual(65_535);
    const windows = dispatches.filter(({ kernel }) => kernel.name.startsWith("window"));
    expect(windows.reduce((items, { workgroups }) => items + workgroups[2], 0)).toBe(batch);
    expect([windows.length, globalSlots(codes)]).toEqual([2, slots]);
  });

  test("heads of more than 128 elements are refused by name", async () => {
    await expect(attentionDifferences(shared, { sequence: 2, heads: 1, headSize: 132, mask: [1] }, { form: "direct" })).rejects.toThrow(
      /"output 0": longformerAttention on WebGPU takes heads of up to 128 elements; these have 132/,
    );
  });
});
