import { describe, expect, test } from "vitest";
import { kernelText } from "../../kernel/kernel.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { knownMatrixShapes, refusalOf } from "../../testing/matrix-units.ts";
import { fitsMatrixAttention, matrixAttentionTiling } from "./matrix-attention-tiling.ts";
import { fitsMatrixProduct, globalTilingsOf, matrixGlobalTiling } from "./global-tiling.ts";
import { jointTilingsOf } from "./joint-tiling.ts";
import { matrixJointKernelCode } from "./matrix-joint.ts";
import { matrixMixKernelCode } from "./matrix-mix.ts";
import { matrixScoresKernelCode } from "./matrix-scores.ts";
import { matrixSweepKernelCode } from "./matrix-sweep.ts";
import { globalTask } from "./global-task.ts";
import { headKernel, headTilingsOf } from "./tiling.ts";
import { windowTask } from "./window-task.ts";

const half = { storage: "float16", aligned: true } as const;
const float = { storage: "float32", aligned: true } as const;

describe("attention on matrix units: what is sent to a device", () => {
  const units = { shapes: knownMatrixShapes, lanes: 32 } as const;
  const facts = {
    ...defaultFacts,
    shaderFloat16: true,
    subgroups: { minimum: 32, maximum: 32 },
    matrixUnits: units,
    limits: {
      ...defaultFacts.limits,
      maxComputeWorkgroupStorageSize: 49152,
      maxComputeInvocationsPerWorkgroup: 1024,
      maxComputeWorkgroupSizeX: 1024,
    },
  };

  test.each([32, 64, 128])("Dawn takes every tiling for heads of %i", async (length) => {
    const tasks = [
      windowTask({ headSize: length, forms: { inputs: half, context: half }, statistics: true, splits: false, halves: true }),
      windowTask({ headSize: length, forms: { inputs: half, context: float }, statistics: false, splits: true, halves: true }),
      globalTask({ length, forms: { keys: half, rows: float }, halves: true }),
    ];
    const taken: string[] = [];
    for (const tiling of headTilingsOf(facts, { length, halves: true })) {
      if (tiling.kind !== "matrix") continue;
      for (const task of tasks) expect([tiling.name, await refusalOf(headKernel(task, tiling, facts))]).toEqual([tiling.name, undefined]);
      taken.push(tiling.name);
    }
    expect(taken.length).toBeGreaterThan(3);
    expect(taken.some((name) => name.endsWith("-64x32-4-one"))).toBe(true);
    expect(taken.some((name) => name.endsWith("-64x32x3-12-one"))).toBe(length < 128);
  });

  test("Dawn takes every tiling of global tokens' products", async () => {
    // Of the shape that all of these come out even with, others that benchmarks try.
    const others = (
      [
        [96, 48, 32],
        [64, 16, 32],
        [64, 32, 16],
        [32, 16, 16],
        [32, 32, 16],
      ] as const
    ).map(([rows, down, across]) => matrixGlobalTiling({ rows: 16, columns: 16, inner: 16 }, rows, down, across));
    expect(others.every((tiling) => fitsMatrixProduct(tiling, facts.limits))).toBe(true);
    for (const tiling of [...globalTilingsOf(facts, true), ...others]) {
      if (tiling.kind !== "matrix") continue;
      for (const code of [matrixScoresKernelCode(tiling, { hidden: half, folded: half }, units), matrixMixKernelCode(tiling, half, units)])
        expect([tiling.name, await refusalOf({ code })]).toEqual([tiling.name, undefined]);
    }
  });

  test.each([64, 768])("Dawn takes every tiling of global attention in one kernel, tokens of %i elements", async (hidden) => {
    const tilings = jointTilingsOf(facts, hidden);

    expect(tilings.length).toBeGreaterThan(2);
    for (const tiling of tilings) {
      const code = tiling.kind === "steps" ? matrixJointKernelCode(tiling, hidden, units) : matrixSweepKernelCode(tiling, hidden, units);
      expect([tiling.name, await refusalOf({ code })]).toEqual([tiling.name, undefined]);
    }
  });

  test("queries of float32 are marked where float16 cannot hold them, and the kernel says that it narrows", async () => {
    const [tiling] = headTilingsOf(facts, { length: 64, halves: true });
    if (tiling?.kind !== "matrix") throw new Error("there are matrix units");
    const [wide, narrow] = [float, half].map((rows) =>
      headKernel(globalTask({ length: 64, forms: { keys: half, rows }, halves: true }), tiling, facts),
    );
    if (wide === undefined || narrow === undefined) throw new Error("there are two kernels");
    const narrowing = /fn eight_of_query_halves.*pack_halves\(/;
    expect([wide.narrows, narrow.narrows]).toEqual([true, false]);
    expect([await kernelText(wide), await kernelText(narrow)].map((code) => narrowing.test(code))).toEqual([true, false]);
  });

  test("only on a device that has the shape, float16 and the memory", () => {
    const tiling = matrixAttentionTiling({ rows: 16, columns: 16, inner: 16 }, 4, 1, 32);
    expect(fitsMatrixAttention(tiling, 64, facts)).toBe(true);
    expect(fitsMatrixAttention(tiling, 64, { ...facts, limits: defaultFacts.limits })).toBe(false);
    expect(fitsMatrixAttention(tiling, 64, { ...facts, shaderFloat16: false })).toBe(false);
    expect(fitsMatrixAttention(tiling, 64, { ...facts, matrixUnits: { ...units, shapes: knownMatrixShapes.slice(1) } })).toBe(false);
    expect(fitsMatrixAttention(matrixAttentionTiling({ rows: 16, columns: 8, inner: 16 }, 4, 1, 24), 64, facts)).toBe(false);
  });
});
