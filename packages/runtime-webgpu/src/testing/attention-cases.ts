import { type GraphTensor, standardOperations } from "@longspan/core/graph";
import { tensorDifference } from "@longspan/core/testing";
import { expect } from "vitest";
import type { DeviceFacts, MatrixUnits } from "../kernel/device-facts.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import type { AttentionTilings } from "../kernels/attention/attention-plan.ts";
import { tileGlobalTiling } from "../kernels/attention/global-tiling.ts";
import { longformerAttentionKernels } from "../kernels/attention/longformer-attention.ts";
import { tileAttentionTiling } from "../kernels/attention/tile-attention.ts";
import { chooseTiling } from "../kernels/linear/linear-tuning.ts";
import { linear } from "../kernels/linear/linear.ts";
import { createProductKernels } from "../kernels/linear/product-kernel.ts";
import { runOperation } from "./run-operation.ts";
import type { TestDevice } from "./test-device.ts";

export const attentionTolerance = { absolute: 1e-5, relative: 1e-5 };
const halfTolerance = { absolute: 1e-3, relative: 1e-3 };

export function found<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error("there is no such thing");
  return thing;
}

export const attentionLinear: OperationKernels = linear(chooseTiling(undefined), createProductKernels());
const { evaluate } = found(standardOperations.get("longformerAttention"));

export interface AttentionCase {
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

export interface AttentionSetting {
  readonly form: "reassociated" | "direct";
  /** Kernels for GPUs run on software adapters, too, if slowly. */
  readonly kind?: DeviceFacts["kind"];
  readonly limits?: Partial<DeviceFacts["limits"]>;
  readonly tilings?: AttentionTilings;
  /** How the inputs and the context lie in memory. Default: float32, each by itself. */
  readonly activations?: "joined" | "float16" | "joined float16";
  readonly matrixUnits?: MatrixUnits;
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

/** Where what the kernels give is not what core's definition of the operation does. */
export async function attentionDifferences(gpu: TestDevice, attention: AttentionCase, setting: AttentionSetting): Promise<unknown> {
  const { expected, actual } = await attentionResults(gpu, attention, setting);
  const allowed = setting.activations?.includes("float16") === true ? halfTolerance : attentionTolerance;
  return expected.map((tensor, index) => tensorDifference(actual[index], tensor, allowed)).filter((difference) => difference !== undefined);
}

export async function attentionResults(
  { device, facts }: TestDevice,
  attention: AttentionCase,
  { form, kind, limits, tilings, activations, matrixUnits, globalsOnly = false }: AttentionSetting,
): Promise<Record<"expected" | "actual", readonly GraphTensor[]> & { readonly kernels: readonly string[] }> {
  const halves = activations?.includes("float16") === true;
  const given = inputsOf(attention);
  // What float16 holds exactly: the rest is then compared as strictly.
  const inputs = halves ? given.map((input, index) => (index < 4 ? rounded(input) : input)) : given;
  const { heads = 2, window = 4, probabilities = false, float16 = false } = attention;
  const attributes = { heads, window };
  const expected = evaluate(inputs, probabilities ? { ...attributes, globals: "globals" } : attributes, new Map());
  // The kernels of matrix products are tested where they are: here, always those of the device.
  const ownLinear: OperationKernels = { ...attentionLinear, plan: (node, context) => attentionLinear.plan(node, { ...context, facts }) };
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
        matrixUnits,
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
export const smallTilings: AttentionTilings = {
  window: tileAttentionTiling(2, 4, 2),
  direct: tileAttentionTiling(4, 4, 1),
  globalScores: tileGlobalTiling(8, 1),
  globalMix: tileGlobalTiling(8, 1),
  globalRows: { rows: 1, ahead: 1 },
};

export const mixedCodes: readonly number[] = [2, 1, 1, 0, 1, 2, 1, 1, 1, 0, 0, 1, 1, 2, 2, 1, 1];
export const fewCodes: readonly number[] = [1, 2, 1, 1, 0];
export const times = (count: number, code: number): number[] => Array<number>(count).fill(code);

export const attentionCases: Readonly<Record<string, AttentionCase>> = {
  "one token": { sequence: 1, mask: [1] },
  "one global token": { sequence: 1, mask: [2] },
  "no key at all": { sequence: 5, mask: [0] },
  "one past a tile, no globals": { sequence: 65, window: 16, mask: [1] },
  "a window larger than the sequence": { sequence: 37, window: 128, mask: fewCodes },
  "all global": { sequence: 70, mask: [2] },
  "batch of different masks": { batch: 3, sequence: 33, window: 6, mask: mixedCodes },
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
  probabilities: { batch: 2, sequence: 33, window: 6, mask: mixedCodes, probabilities: true },
};

/** Scores that rise along the windows, so that sums are scaled; windows of more keys than a step takes, since the first step has none to scale. */
export function risingWindow(headSize: number, window: number): AttentionCase {
  return { sequence: 90 + window, window, heads: 1, headSize, mask: [1, 1, 1, 1, 1, 1, 0], rising: 20 };
}

/** The same of global tokens: scores so high that their rounding shows; sums that are not scaled are off by more than their size. */
export const risingGlobals: AttentionCase = {
  sequence: 150,
  heads: 8,
  headSize: 16,
  window: 4,
  mask: [...times(8, 2), ...times(150, 1)],
  rising: 12,
};
export const risingTolerance: { readonly absolute: number; readonly relative: number } = { absolute: 0.03, relative: 0.03 };
