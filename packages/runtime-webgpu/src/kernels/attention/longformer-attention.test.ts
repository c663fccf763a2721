import { elementCount } from "@longspan/core";
import { type GraphTensor, standardOperations } from "@longspan/core/graph";
import { tensorDifference } from "@longspan/core/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { DeviceFacts, MatrixShape } from "../../kernel/device-facts.ts";
import type { DeviceTensor } from "../../kernel/kernel.ts";
import type { OperationKernels } from "../../kernel/operation-kernels.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { runOperation } from "../../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { linearKernels } from "../linear/index.ts";
import type { AttentionTilings } from "./attention-plan.ts";
import { globalSlots, listTokens } from "./attention-tokens.ts";
import { matrixGlobalTiling, tileGlobalTiling } from "./global-tiling.ts";
import { jointTiling } from "./joint-tiling.ts";
import { longformerAttentionKernels } from "./longformer-attention.ts";
import { matrixAttentionTiling, type MatrixCut } from "./matrix-attention-tiling.ts";
import { quadTiling } from "./attention-quads.ts";
import { tileAttentionTiling } from "./tile-attention.ts";

const tolerance = { absolute: 1e-5, relative: 1e-5 };
const halfTolerance = { absolute: 1e-3, relative: 1e-3 };
function found<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error("there is no such operation");
  return thing;
}

const linear = found(linearKernels().find(({ operation }) => operation === "linear"));
const { evaluate } = found(standardOperations.get("longformerAttention"));

interface AttentionCase {
  readonly batch?: number;
  readonly sequence: number;
  readonly heads?: number;
  readonly headSize?: number;
  readonly window?: number;
  /** The code of each token, over and over. */
  readonly mask: readonly number[];
  readonly probabilities?: boolean;
  readonly float16?: boolean;
  /** By how much keys and hidden states grow along the sequence, so that later scores are far higher. */
  readonly rising?: number;
  /** What the bias of the global queries is, instead of noise. */
  readonly queryBias?: number;
}

interface Setting {
  readonly form: "reassociated" | "direct";
  /** Kernels for GPUs run on software adapters, too, if slowly. */
  readonly kind?: DeviceFacts["kind"];
  readonly limits?: Partial<DeviceFacts["limits"]>;
  readonly tilings?: AttentionTilings;
  /** How the inputs and the context lie in memory. Default: float32, each by itself. */
  readonly activations?: "joined" | "float16" | "joined float16";
  readonly matrices?: MatrixShape;
  /** Whether the window's kernels, which take long to compile, are left out: other rows are then anything. */
  readonly globalsOnly?: boolean;
}

/** Values between -1 and 1, the same for the same seed. */
function noise(length: number, seed: number): Float32Array {
  let state = seed * 7919 + 1;
  return Float32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state / 1073741824 - 1;
  });
}

function inputsOf({
  batch = 1,
  sequence,
  heads = 2,
  headSize = 8,
  mask,
  float16 = false,
  rising = 0,
  queryBias,
}: AttentionCase): GraphTensor[] {
  const hidden = heads * headSize;
  const tensor = (shape: readonly number[], seed: number): GraphTensor => ({
    dataType: "float32",
    shape,
    data: noise(
      shape.reduce((product, size) => product * size, 1),
      seed,
    ),
  });
  const weight = (seed: number): GraphTensor[] => {
    const matrix = tensor([hidden, hidden], seed);
    for (const [index, value] of matrix.data.entries()) matrix.data[index] = value / Math.sqrt(hidden / 3);
    // As a float16 holds them exactly: what is stored narrower is then compared as strictly.
    const data = float16 ? matrix.data.map((value) => Math.round(value * 1024) / 1024) : matrix.data;
    return [{ ...matrix, data } as GraphTensor, tensor([hidden], seed + 50)];
  };
  const grown = ({ data, ...rest }: GraphTensor): GraphTensor =>
    ({
      ...rest,
      data: Float32Array.from(data, (value, at) => value * (1 + (rising * (Math.floor(at / hidden) % sequence)) / sequence)),
    }) as GraphTensor;
  const tokens = [1, 2, 3, 4].map((seed) => tensor([batch, sequence, hidden], seed)).map((one, at) => (at % 2 === 1 ? grown(one) : one));
  const codes: GraphTensor = {
    dataType: "int32",
    shape: [batch, sequence],
    data: Int32Array.from({ length: batch * sequence }, (_, token) => mask[token % mask.length] ?? 0),
  };
  const all = [...tokens, codes, ...weight(11), ...weight(12), ...weight(13)];
  if (queryBias !== undefined) all[6]?.data.fill(queryBias);
  return all;
}

function rounded(tensor: GraphTensor): GraphTensor {
  const step = (value: number): number => 2 ** (Math.max(-14, Math.floor(Math.log2(Math.abs(value)))) - 10);
  return {
    ...tensor,
    data: Float32Array.from(tensor.data, (value) => (value === 0 ? 0 : Math.round(value / step(value)) * step(value))),
  } as GraphTensor;
}

async function differences(gpu: TestDevice, attention: AttentionCase, setting: Setting): Promise<unknown> {
  const { expected, actual } = await results(gpu, attention, setting);
  const allowed = setting.activations?.includes("float16") === true ? halfTolerance : tolerance;
  return expected.map((tensor, index) => tensorDifference(actual[index], tensor, allowed)).filter((difference) => difference !== undefined);
}

async function results(
  { device, facts }: TestDevice,
  attention: AttentionCase,
  { form, kind, limits, tilings, activations, matrices, globalsOnly = false }: Setting,
): Promise<Record<"expected" | "actual", readonly GraphTensor[]> & { readonly kernels: readonly string[] }> {
  const halves = activations?.includes("float16") === true;
  const given = inputsOf(attention);
  // What float16 holds exactly: the rest is then compared as strictly.
  const inputs = halves ? given.map((input, index) => (index < 4 ? rounded(input) : input)) : given;
  const { heads = 2, window = 4, probabilities = false, float16 = false } = attention;
  const attributes = { heads, window };
  const expected = evaluate(inputs, probabilities ? { ...attributes, globals: "globals" } : attributes, new Map());
  // The kernels of matrix products are tested where they are: here, always those of the device.
  const ownLinear: OperationKernels = { ...linear, plan: (node, context) => linear.plan(node, { ...context, facts }) };
  const all = longformerAttentionKernels({
    linear: ownLinear,
    reassociateUpTo: form === "direct" ? 0 : Number.POSITIVE_INFINITY,
    tilings,
  });
  const names: string[] = [];
  const kernels: OperationKernels = {
    ...all,
    plan(node, context) {
      const planned = all.plan(node, context).filter(({ kernel }) => !globalsOnly || !kernel.name.startsWith("window"));
      names.push(...planned.map(({ kernel }) => kernel.name));
      const wanted = tilings?.window;
      // A tiling that does not fit is passed over: the test would be of another one.
      if (wanted?.kind === "matrix") expect(names.join(" ")).toContain(wanted.name);
      return planned;
    },
  };
  const actual = await runOperation(
    {
      device,
      facts: {
        ...facts,
        kind: kind ?? facts.kind,
        limits: { ...facts.limits, ...limits },
        matrixUnits: matrices && { form: "plain", shapes: [matrices], lanes: 32 },
      },
    },
    kernels,
    inputs,
    {
      attributes: probabilities ? { ...attributes, globals: "globals" } : attributes,
      outputs: expected.map(({ dataType, shape }) => ({ dataType, shape })),
      storages: inputs.map((_, index) =>
        (index < 4 ? halves : float16 && kernels.float16Inputs?.includes(index)) ? "float16" : undefined,
      ),
      outputStorages: halves ? ["float16"] : [],
      joined: activations?.includes("joined") === true ? [0, 1, 2] : [],
    },
  );
  return { expected, actual, kernels: names };
}

/** Tilings that compile fast, and have many workgroups of few keys. */
const small: AttentionTilings = {
  window: tileAttentionTiling(2, 4, 2),
  direct: tileAttentionTiling(4, 4, 1),
  globalScores: tileGlobalTiling(8, 1),
  globalMix: tileGlobalTiling(8, 1),
  globalRows: { rows: 1, ahead: 1 },
};

let shared: TestDevice;
let plain: TestDevice;
beforeAll(async () => {
  shared = await testDevice();
  plain = await testDevice({ features: [], limits: "default" });
});

const mixed = [2, 1, 1, 0, 1, 2, 1, 1, 1, 0, 0, 1, 1, 2, 2, 1, 1];
const few = [1, 2, 1, 1, 0];
const times = (count: number, code: number): number[] => Array<number>(count).fill(code);

const cases: Readonly<Record<string, AttentionCase>> = {
  "one token": { sequence: 1, mask: [1] },
  "one global token": { sequence: 1, mask: [2] },
  "no key at all": { sequence: 5, mask: [0] },
  "one past a tile, no globals": { sequence: 65, window: 16, mask: [1] },
  "a window larger than the sequence": { sequence: 37, window: 128, mask: few },
  "all global": { sequence: 70, mask: [2] },
  "batch of different masks": { batch: 3, sequence: 33, window: 6, mask: mixed },
  "200 globals in one row, none in the other, padding": {
    batch: 2,
    sequence: 230,
    window: 8,
    mask: [...times(200, 2), ...times(30, 1), ...times(120, 1), ...times(110, 0)],
  },
  "a row all masked beside others": {
    batch: 3,
    sequence: 20,
    mask: [...times(9, 1), 2, ...times(10, 1), ...times(20, 0), 2, ...times(19, 1)],
  },
  "several splits of the keys": { sequence: 300, window: 20, mask: [2, ...times(40, 1), 0] },
  probabilities: { batch: 2, sequence: 33, window: 6, mask: mixed, probabilities: true },
};

describe("longformerAttention", () => {
  for (const [name, attention] of Object.entries(cases)) {
    test.each(["reassociated", "direct"] as const)(`${name} (%s)`, async (form) => {
      expect(await differences(shared, attention, { form })).toEqual([]);
    });
  }

  test("probabilities where no token is global", async () => {
    expect(await differences(shared, { sequence: 9, mask: [1, 1, 0], probabilities: true }, { form: "direct" })).toEqual([]);
  });

  test.each([1, 6, 12])("heads of %i elements", async (headSize) => {
    expect(await differences(shared, { sequence: 19, headSize, mask: [1, 1, 0] }, { form: "direct" })).toEqual([]);
  });

  test.each([
    [3, "reassociated", true],
    [3, "direct", false],
    [8, "direct", true],
    [64, "reassociated", false],
    [128, "direct", false],
  ] as const)("heads of %i elements and global tokens (%s, weights in float16: %s)", async (headSize, form, float16) => {
    expect(await differences(shared, { sequence: 20, headSize, mask: few, float16 }, { form })).toEqual([]);
  });

  test.each(["reassociated", "direct"] as const)("without subgroups, with default limits (%s)", async (form) => {
    for (const name of ["batch of different masks", "several splits of the keys"])
      expect(await differences(plain, found(cases[name]), { form })).toEqual([]);
  });

  test.each([
    ["reassociated", 4, small],
    ["direct", 6, small],
    ["direct", 4, { window: { kind: "staged", name: "staged" }, direct: { kind: "staged", name: "staged" } }],
  ] as const)("with the kernels for GPUs (%s, heads of %i)", async (form, headSize, tilings) => {
    for (const name of ["batch of different masks", "several splits of the keys", "a row all masked beside others", "all global"])
      expect(await differences(plain, { ...found(cases[name]), headSize, probabilities: true }, { form, kind: "gpu", tilings })).toEqual(
        [],
      );
  });

  test.each([
    ["in no fours, float32", 2, 3, false, small.globalRows],
    ["longer than what is mixed at a time, weights in float16", 17, 64, true, small.globalRows],
    ["of the longest heads, several rows of an invocation", 1, 128, false, { rows: 2, ahead: 2 }],
  ] as const)("the global tokens' own products on GPUs: vectors %s", async (_, heads, headSize, float16, globalRows) => {
    const attention: AttentionCase = { batch: 2, sequence: 21, heads, headSize, mask: [1, 2, 1, 2, 0], float16 };
    const setting = { form: "reassociated", kind: "gpu", tilings: { ...small, globalRows }, globalsOnly: true } as const;
    const { expected, actual } = await results(shared, attention, setting);
    const width = heads * headSize;
    const rowsOfGlobals = ([tensor]: readonly GraphTensor[]): GraphTensor => ({
      dataType: "float32",
      shape: [2 * 21, width],
      data: Float32Array.from(tensor?.data ?? [], (value, at) => (attention.mask[(Math.floor(at / width) % 42) % 5] === 2 ? value : 0)),
    });
    expect(tensorDifference(rowsOfGlobals(actual), rowsOfGlobals(expected), tolerance)).toBeUndefined();
  });

  test("with the window's keys split among workgroups", async () => {
    // A split that ends among the global tokens.
    const many = { sequence: 300, window: 60, mask: [...times(200, 2), ...times(90, 1), ...times(10, 0)] };
    const long = { batch: 2, sequence: 300, window: 280, mask: [2, 1, 1, 1, 1, 0, ...times(31, 1)] };
    // Tiles that do not come out even with a split.
    const tilings = { ...small, window: tileAttentionTiling(2, 12, 2), windowSplits: 3 };
    for (const attention of [many, long])
      expect(await differences(shared, attention, { form: "reassociated", kind: "gpu", tilings })).toEqual([]);
    const halves = { form: "reassociated", kind: "gpu", tilings, activations: "joined float16" } as const;
    expect(await differences(shared, { ...long, headSize: 6 }, halves)).toEqual([]);
  });

  test("with quads", async () => {
    const tilings = { window: quadTiling(16, 8, 2), direct: quadTiling(16, 8, 2) };
    for (const name of ["batch of different masks", "several splits of the keys", "probabilities"])
      expect(await differences(shared, { ...found(cases[name]), headSize: 16 }, { form: "direct", kind: "gpu", tilings })).toEqual([]);
  });

  test("on matrix units, in plain WGSL", async () => {
    const shape = { rows: 16, columns: 8, inner: 16 };
    const own = { kind: "gpu", matrices: shape, activations: "joined float16", form: "direct" } as const;
    const window = matrixAttentionTiling(shape, 1, 2, 16);
    for (const name of ["batch of different masks", "several splits of the keys", "a row all masked beside others", "all global"])
      expect([
        name,
        await differences(
          shared,
          { ...found(cases[name]), headSize: 12, probabilities: true },
          { ...own, tilings: { window, direct: window } },
        ),
      ]).toEqual([name, []]);

    // Queries that float16 cannot hold.
    const beyond = { sequence: 9, headSize: 12, mask: [2, 1, 1], queryBias: 1e5, probabilities: true };
    const [context] = (await results(shared, beyond, { ...own, tilings: { window, direct: window } })).actual;
    const isNumber = (token: number): boolean => Number.isFinite(context?.data[token * 24]);
    expect(Array.from({ length: 9 }, (_, token) => isNumber(token))).toEqual([0, 1, 2].flatMap(() => [false, true, true]));
  });

  test("global attention on matrix units, in plain WGSL", async () => {
    const matrices = { rows: 16, columns: 16, inner: 16 };
    const tiling = matrixGlobalTiling(matrices, 16, 16, 16);
    const tilings = { ...small, globalScores: tiling, globalMix: tiling };
    for (const name of [
      "batch of different masks",
      "several splits of the keys",
      "200 globals in one row, none in the other, padding",
      "all global",
    ])
      expect([
        name,
        await differences(
          shared,
          { ...found(cases[name]), headSize: 4 },
          { kind: "gpu", matrices, tilings, activations: "float16", form: "reassociated" },
        ),
      ]).toEqual([name, []]);
  });

  test("global attention on matrix units in one kernel, in plain WGSL", async () => {
    const matrices = { rows: 16, columns: 16, inner: 16 };
    const setting = {
      kind: "gpu",
      matrices,
      tilings: { ...small, globalJoint: jointTiling(matrices, 4) },
      limits: { maxComputeWorkgroupStorageSize: 32768 },
      activations: "float16",
      form: "reassociated",
    } as const;
    // Room for 64 rows, of which an item has 48 and the other 24; 3 splits; and, with padding, 9 of 32 rows.
    const some = {
      batch: 2,
      sequence: 70,
      heads: 8,
      headSize: 8,
      window: 4,
      mask: [...times(3, 2), ...times(31, 1), 0, ...times(3, 2), ...times(67, 1)],
    };
    const padded = { ...some, heads: 3, headSize: 64, probabilities: true, mask: [...times(3, 2), 0, ...times(60, 1), ...times(70, 0)] };
    for (const attention of [some, padded]) expect(await differences(shared, attention, setting)).toEqual([]);
    // Scores so high that their rounding shows; sums that are not scaled are off by more than their size.
    const rising = { sequence: 150, heads: 4, headSize: 16, window: 4, mask: [...times(8, 2), ...times(150, 1)], rising: 12 };
    const { expected, actual, kernels } = await results(shared, rising, setting);
    expect(tensorDifference(actual[0], found(expected[0]), { absolute: 0.03, relative: 0.03 })).toBeUndefined();
    expect(kernels.slice(-3)).toEqual(["global-queries-to-float16", "global-attention-joint-16x16x16-by-4", "global-values"]);
  });

  // Windows of more keys than a step takes: the first step has no sums to scale.
  test.each<readonly [string, MatrixShape, MatrixCut, number, number]>([
    ["an invocation for each row, sums of more columns than keys", { rows: 16, columns: 16, inner: 16 }, [1, 2, 16], 24, 60],
    ["four invocations for each row, subgroups that share rows", { rows: 8, columns: 8, inner: 8 }, [4, 1, 32, 2], 16, 60],
    ["values in the memory of the keys", { rows: 8, columns: 8, inner: 8 }, [2, 1, 32, 1, true], 16, 60],
    ["the same, and three subgroups that share rows", { rows: 8, columns: 8, inner: 8 }, [3, 1, 32, 3, true], 16, 200],
  ])("on matrix units, scores that rise so that sums are scaled: %s", async (_, matrices, cut, headSize, window) => {
    const tilings = { window: matrixAttentionTiling(matrices, ...cut) };
    const rising: AttentionCase = { sequence: 90 + window, window, heads: 1, headSize, mask: [1, 1, 1, 1, 1, 1, 0], rising: 20 };
    expect(await differences(shared, rising, { kind: "gpu", matrices, activations: "joined float16", form: "direct", tilings })).toEqual(
      [],
    );
  });

  test.each(["joined", "float16", "joined float16"] as const)("inputs and context %s", async (activations) => {
    for (const form of ["reassociated", "direct"] as const) {
      expect(await differences(shared, { ...found(cases["probabilities"]), headSize: 6 }, { form, activations })).toEqual([]);
      const split = { ...found(cases["several splits of the keys"]), headSize: form === "direct" ? 6 : 4 };
      expect(await differences(shared, split, { form, activations, kind: "gpu", tilings: small })).toEqual([]);
    }
    // Heads that share a word.
    const odd = { ...found(cases["batch of different masks"]), heads: 4, headSize: 3 };
    expect(
      await differences(shared, odd, { form: "direct", activations, kind: "gpu", tilings: { ...small, direct: small.window } }),
    ).toEqual([]);
  });

  test.each(["reassociated", "direct"] as const)("in parts, where a binding holds one item of the batch (%s)", async (form) => {
    const attention: AttentionCase = { batch: 3, sequence: 32, headSize: 8, window: 6, mask: mixed, probabilities: true };
    const limits = { maxStorageBufferBindingSize: 8192, maxComputeWorkgroupsPerDimension: 7 };
    expect(await differences(shared, attention, { form, limits })).toEqual([]);
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
        expect(await differences(shared, one, { form })).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("what plans go by", () => {
  const mask = (shape: readonly number[], codes: readonly number[]): GraphTensor => ({
    dataType: "int32",
    shape,
    data: Int32Array.from(codes),
  });
  const kernels = longformerAttentionKernels({ linear });

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
    await expect(differences(shared, { sequence: 2, heads: 1, headSize: 132, mask: [1] }, { form: "direct" })).rejects.toThrow(
      /"output 0": longformerAttention on WebGPU takes heads of up to 128 elements; these have 132/,
    );
  });
});
