import { standardOperations, type GraphTensor } from "@longspan/core";
import { tensorDifference } from "@longspan/core/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { DeviceFacts } from "../../device/device-facts.ts";
import { runOperation } from "../../testing/run-operation.ts";
import { testDevice, type TestDevice } from "../../testing/test-device.ts";
import { linearKernels } from "../linear/index.ts";
import { longformerAttentionKernels } from "./longformer-attention.ts";

const tolerance = { absolute: 1e-5, relative: 1e-5 };
const [linear] = linearKernels();
const longformerAttention = standardOperations.get("longformerAttention");
if (linear === undefined || longformerAttention === undefined) throw new Error("there is no such operation");
const { evaluate } = longformerAttention;

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
}

interface Setting {
  readonly form: "reassociated" | "direct";
  /** Kernels for GPUs run on software adapters, too, if slowly. */
  readonly kind?: DeviceFacts["kind"];
  readonly limits?: Partial<DeviceFacts["limits"]>;
}

/** Values between -1 and 1, the same for the same seed. */
function noise(length: number, seed: number): Float32Array {
  let state = seed * 7919 + 1;
  return Float32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state / 1073741824 - 1;
  });
}

function inputsOf({ batch = 1, sequence, heads = 2, headSize = 8, mask, float16 = false }: AttentionCase): GraphTensor[] {
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
    for (const [index, value] of matrix.data.entries()) matrix.data[index] = Number(value) / Math.sqrt(hidden / 3);
    // As a float16 holds them exactly: what is stored narrower is then compared as strictly.
    const data = float16 ? matrix.data.map((value) => Math.round(Number(value) * 1024) / 1024) : matrix.data;
    return [{ ...matrix, data } as GraphTensor, tensor([hidden], seed + 50)];
  };
  const tokens = [1, 2, 3, 4].map((seed) => tensor([batch, sequence, hidden], seed));
  const codes: GraphTensor = {
    dataType: "int32",
    shape: [batch, sequence],
    data: Int32Array.from({ length: batch * sequence }, (_, token) => mask[token % mask.length] ?? 0),
  };
  return [...tokens, codes, ...weight(11), ...weight(12), ...weight(13)];
}

async function differences({ device, facts }: TestDevice, attention: AttentionCase, { form, kind, limits }: Setting): Promise<unknown> {
  const inputs = inputsOf(attention);
  const { heads = 2, window = 4, probabilities = false, float16 = false } = attention;
  const attributes = { heads, window };
  const expected = evaluate(inputs, probabilities ? { ...attributes, globals: "globals" } : attributes, new Map());
  const kernels = longformerAttentionKernels({ linear, reassociateUpTo: form === "direct" ? 0 : Number.POSITIVE_INFINITY });
  const actual = await runOperation(
    { device, facts: { ...facts, kind: kind ?? facts.kind, limits: { ...facts.limits, ...limits } } },
    kernels,
    inputs,
    {
      attributes: probabilities ? { ...attributes, globals: "globals" } : attributes,
      outputs: expected.map(({ dataType, shape }) => ({ dataType, shape })),
      storages: float16 ? inputs.map((_, index) => (kernels.float16Inputs?.includes(index) ? "float16" : undefined)) : [],
    },
  );
  return expected
    .map((tensor, index) => tensorDifference(actual[index], tensor, tolerance))
    .filter((difference) => difference !== undefined);
}

let shared: TestDevice;
beforeAll(async () => {
  shared = await testDevice();
});

describe("longformerAttention on the GPU", () => {
  const cases: Readonly<Record<string, AttentionCase>> = {
    "one token": { sequence: 1, mask: [1] },
    "one global token": { sequence: 1, mask: [2] },
    "no key at all": { sequence: 5, mask: [0] },
    "one past a tile, no globals": { sequence: 65, window: 16, mask: [1] },
    "a window larger than the sequence": { sequence: 37, window: 128, mask: [1, 1, 2, 1, 0] },
    "all global": { sequence: 70, mask: [2] },
    "batch of different masks": { batch: 3, sequence: 33, window: 6, mask: [2, 1, 1, 0, 1, 2, 1, 1, 1, 0, 0, 1, 1, 2, 2, 1, 1] },
    "padding and many globals": {
      batch: 2,
      sequence: 230,
      window: 8,
      mask: [...Array<number>(200).fill(2), ...Array<number>(30).fill(1), ...Array<number>(120).fill(1), ...Array<number>(110).fill(0)],
    },
    "long enough for several splits": { sequence: 300, window: 20, mask: [2, ...Array<number>(40).fill(1), 0] },
    "float16 weights": { batch: 2, sequence: 20, mask: [1, 2, 1, 1, 0], float16: true },
    "head size 3, float16": { sequence: 12, heads: 3, headSize: 3, mask: [1, 2, 1, 1, 0], float16: true },
    ...Object.fromEntries(
      [1, 3, 6, 12, 64, 128].map((headSize) => [`head size ${headSize}`, { sequence: 19, headSize, mask: [1, 2, 1, 1, 0] }]),
    ),
    probabilities: { batch: 2, sequence: 33, window: 6, mask: [2, 1, 1, 0, 1, 2, 1, 1, 1, 0, 0, 1, 1, 2, 2, 1, 1], probabilities: true },
    "probabilities without globals": { sequence: 9, window: 4, mask: [1, 1, 0], probabilities: true },
  };
  for (const [name, attention] of Object.entries(cases)) {
    test.each(["reassociated", "direct"] as const)(`${name} (%s)`, async (form) => {
      expect(await differences(shared, attention, { form })).toEqual([]);
    });
  }
});
