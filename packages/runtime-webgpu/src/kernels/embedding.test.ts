import { type GraphTensor, operations } from "@longspan/core/graph";
import { seededIntegers, seededNormal, tensorDifference, type Tolerance } from "@longspan/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embeddingNormalization } from "../fusion/embedding-normalization.ts";
import type { Storage } from "../kernel/kernel.ts";
import { deviceKinds } from "../testing/device-kinds.ts";
import { runOperation } from "../testing/run-operation.ts";
import type { TestDevice } from "../testing/test-device.ts";
import { embeddingKernels } from "./embedding.ts";
import { embeddingNormalizationKernels } from "./embedding-normalization.ts";

type FloatTensor = Extract<GraphTensor, { dataType: "float32" }>;

/** Multiples of 1/64 up to 4: float16 holds them exactly, so that both storages give the same numbers. */
function tableOf(seed: number, shape: readonly number[]): FloatTensor {
  const table = seededNormal(seed, shape);
  return { ...table, data: table.data.map((value) => Math.max(-4, Math.min(4, Math.round(value * 64) / 64))) };
}

const exact: Tolerance = { absolute: 0, relative: 0 };
const sums: Tolerance = { absolute: 1e-5, relative: 1e-5 };
const storages: readonly Storage[] = ["float32", "float16"];

describe.each(deviceKinds)("embeddings on $name", ({ open }) => {
  let device: TestDevice;
  let narrow: TestDevice;
  beforeAll(async () => {
    device = await open();
    // Tables of 150 rows come apart into several ranges.
    narrow = { ...device, facts: { ...device.facts, limits: { ...device.facts.limits, maxStorageBufferBindingSize: 8448 } } };
  });
  afterAll(() => device.device.destroy());

  const cases = storages.flatMap((storage) => [12, 96, 33].map((hidden) => ({ storage, hidden })));

  test.each(cases)("take rows of a $storage table, $hidden wide, whole and in ranges", async ({ storage, hidden }) => {
    const inputs = [seededIntegers(1, [2, 53], 0, 150), tableOf(2, [150, hidden])];
    const [expected] = operations.embedding.evaluate(inputs, {}, new Map());
    if (expected === undefined) throw new Error("the operation gave nothing");
    for (const on of [device, narrow]) {
      const [actual] = await runOperation(on, embeddingKernels, inputs, { storages: [undefined, storage] });
      expect(tensorDifference(actual, expected, exact)).toBe(undefined);
      if (hidden !== 12) continue;
      const [narrowed] = await runOperation(on, embeddingKernels, inputs, { storages: [undefined, storage], outputStorages: ["float16"] });
      expect(tensorDifference(narrowed, expected, exact)).toBe(undefined);
    }
  });

  test.each(cases)("are summed and normalized: $storage tables, $hidden wide, whole and in ranges", async ({ storage, hidden }) => {
    const inputs = [
      seededIntegers(1, [2, 53], 0, 150),
      seededIntegers(2, [2, 53], 0, 70),
      seededIntegers(3, [2, 53], 0, 2),
      tableOf(4, [150, hidden]),
      tableOf(5, [70, hidden]),
      tableOf(6, [2, hidden]),
      seededNormal(7, [hidden], { mean: 1, scale: 0.2 }),
      seededNormal(8, [hidden]),
    ];
    const attributes = { epsilon: 1e-5 };
    const [expected] = embeddingNormalization.evaluate(inputs, attributes, new Map());
    if (expected === undefined) throw new Error("the operation gave nothing");
    const outputs = [{ dataType: expected.dataType, shape: expected.shape }];
    const kept = [undefined, undefined, undefined, storage, storage, storage];
    for (const on of [device, narrow]) {
      const [actual] = await runOperation(on, embeddingNormalizationKernels, inputs, { attributes, outputs, storages: kept });
      expect(tensorDifference(actual, expected, sums)).toBe(undefined);
      if (hidden !== 12) continue;
      const options = { attributes, outputs, storages: kept, outputStorages: ["float16"] } as const;
      const [narrowed] = await runOperation(on, embeddingNormalizationKernels, inputs, options);
      expect(tensorDifference(narrowed, expected, { absolute: 1e-3, relative: 2 ** -11 })).toBe(undefined);
    }
  });

  test("write each row once, from the range its id lies in", async () => {
    const ids: GraphTensor = { dataType: "int32", shape: [6], data: Int32Array.of(0, 65, 66, 67, 99, 66) };
    const table = tableOf(2, [100, 32]);
    const dispatches = embeddingKernels.plan(
      {
        name: "n",
        operation: "embedding",
        attributes: {},
        inputs: [
          { name: "ids", shape: [6], storage: "int32", byteLength: 24 },
          { name: "table", shape: [100, 32], storage: "float32", byteLength: 12_800 },
        ],
        outputs: [{ name: "out", shape: [6, 32], storage: "float32", byteLength: 768 }],
      },
      {
        facts: narrow.facts,
        dimensions: new Map(),
        scratch: () => expect.fail("no scratch"),
        hostValues: () => undefined,
        derived: () => expect.fail("nothing derived"),
      },
    );
    expect(dispatches.map(({ operands }) => [operands[1]?.byteOffset, operands[1]?.byteLength])).toEqual([
      [0, 8448],
      [8448, 4352],
    ]);
    const [expected] = operations.embedding.evaluate([ids, table], {}, new Map());
    const [actual] = await runOperation(narrow, embeddingKernels, [ids, table]);
    expect(actual).toEqual(expected);
  });

  test("outside of the table take its last row", async () => {
    const ids: GraphTensor = { dataType: "int32", shape: [3], data: Int32Array.of(-1, 3, 1 << 30) };
    const table = tableOf(2, [3, 4]);
    const [actual] = await runOperation(device, embeddingKernels, [ids, table]);
    expect(Array.from(actual?.data ?? [])).toEqual([0, 1, 2].flatMap(() => Array.from(table.data.slice(8))));
  });
});
