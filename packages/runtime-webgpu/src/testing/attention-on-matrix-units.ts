import { tensorDifference } from "@longspan/core/testing";
import { expect, test } from "vitest";
import type { MatrixShape, MatrixUnits } from "../kernel/device-facts.ts";
import { matrixGlobalTiling } from "../kernels/attention/global-tiling.ts";
import { jointTiling } from "../kernels/attention/joint-tiling.ts";
import { matrixAttentionTiling, type MatrixCut } from "../kernels/attention/matrix-attention-tiling.ts";
import {
  attentionCases,
  attentionDifferences,
  attentionResults,
  found,
  risingGlobals,
  risingTolerance,
  risingWindow,
  smallTilings,
  times,
} from "./attention-cases.ts";
import type { TestDevice } from "./test-device.ts";

/** On which matrix units each kernel is tested, of one shape each, and how its work is cut there. */
export interface AttentionOnMatrixUnits {
  readonly windows: readonly [MatrixUnits, MatrixCut];
  readonly globals: MatrixUnits;
  /** Divides 32. */
  readonly joint: readonly [MatrixUnits, subgroups: number];
  /** By what is special about each. Windows: of `risingWindow`. */
  readonly scaled: Readonly<Record<string, readonly [MatrixUnits, MatrixCut, headSize: number, window: number]>>;
}

/** The tests of attention's kernels on matrix units, in whichever form these are computed. */
export function testAttentionOnMatrixUnits(device: () => TestDevice, { windows, globals, joint, scaled }: AttentionOnMatrixUnits): void {
  const halves = { kind: "gpu", activations: "float16", form: "reassociated" } as const;
  const joined = { kind: "gpu", activations: "joined float16", form: "direct" } as const;
  const shapeOf = ({ shapes }: MatrixUnits): MatrixShape => found(shapes[0]);

  test("windows, and global tokens directly", async () => {
    const [matrixUnits, cut] = windows;
    const window = matrixAttentionTiling(shapeOf(matrixUnits), ...cut);
    const own = { ...joined, matrixUnits, tilings: { window, direct: window } };
    for (const name of ["batch of different masks", "several splits of the keys", "a row all masked beside others", "all global"])
      expect([
        name,
        await attentionDifferences(device(), { ...found(attentionCases[name]), headSize: 12, probabilities: true }, own),
      ]).toEqual([name, []]);

    // Queries that float16 cannot hold.
    const beyond = { sequence: 9, headSize: 12, mask: [2, 1, 1], queryBias: 1e5, probabilities: true };
    const [context] = (await attentionResults(device(), beyond, own)).actual;
    const isNumber = (token: number): boolean => Number.isFinite(context?.data[token * 24]);
    expect(Array.from({ length: 9 }, (_, token) => isNumber(token))).toEqual([0, 1, 2].flatMap(() => [false, true, true]));
  });

  test("products of global tokens", async () => {
    const tiling = matrixGlobalTiling(shapeOf(globals), 16, 16, 16);
    const tilings = { ...smallTilings, globalScores: tiling, globalMix: tiling };
    for (const name of [
      "batch of different masks",
      "several splits of the keys",
      "200 globals in one row, none in the other, padding",
      "all global",
    ]) {
      const attention = { ...found(attentionCases[name]), headSize: 4 };
      expect([name, await attentionDifferences(device(), attention, { ...halves, matrixUnits: globals, tilings })]).toEqual([name, []]);
    }
  });

  test("global attention in one kernel", async () => {
    const [matrixUnits, subgroups] = joint;
    const tiling = jointTiling(shapeOf(matrixUnits), subgroups);
    const setting = {
      ...halves,
      matrixUnits,
      tilings: { ...smallTilings, globalJoint: tiling },
      limits: { maxComputeWorkgroupStorageSize: 32768 },
    };
    // Room for 64 rows, of which an item has 48 and the other 24; 3 splits; and, with padding, 6 of 32 rows.
    const some = {
      batch: 2,
      sequence: 70,
      heads: 8,
      headSize: 16,
      window: 4,
      mask: [...times(3, 2), ...times(31, 1), 0, ...times(3, 2), ...times(67, 1)],
    };
    const padded = { ...some, heads: 2, headSize: 64, probabilities: true, mask: [...times(3, 2), 0, ...times(60, 1), ...times(70, 0)] };
    for (const attention of [some, padded]) expect(await attentionDifferences(device(), attention, setting)).toEqual([]);
    const { expected, actual, kernels } = await attentionResults(device(), risingGlobals, setting);
    expect(tensorDifference(actual[0], found(expected[0]), risingTolerance)).toBeUndefined();
    expect(kernels.slice(-3)).toEqual(["global-queries-to-float16", `global-attention-${tiling.name}`, "global-values"]);
  });

  test.each(Object.entries(scaled))("scores that rise so that sums are scaled: %s", async (_, [matrixUnits, cut, headSize, window]) => {
    const tilings = { window: matrixAttentionTiling(shapeOf(matrixUnits), ...cut) };
    expect(await attentionDifferences(device(), risingWindow(headSize, window), { ...joined, matrixUnits, tilings })).toEqual([]);
  });
}
