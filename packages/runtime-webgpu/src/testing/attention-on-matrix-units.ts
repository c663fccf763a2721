import { tensorDifference } from "@longspan/core/testing";
import { expect, test } from "vitest";
import type { MatrixShape, MatrixUnits } from "../kernel/device-facts.ts";
import { matrixGlobalTiling } from "../kernels/attention/global-tiling.ts";
import { jointTiling, sweepTiling } from "../kernels/attention/joint-tiling.ts";
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
    // A measurement may find one of the two products faster without matrix units.
    const attention = { ...found(attentionCases["several splits of the keys"]), headSize: 4 };
    for (const one of [{ globalScores: tiling }, { globalMix: tiling }]) {
      const mixed = { ...halves, matrixUnits: globals, tilings: { ...smallTilings, ...one } };
      expect([one, await attentionDifferences(device(), attention, mixed)]).toEqual([one, []]);
    }
  });

  test("global attention in one kernel, in steps and in a sweep", async () => {
    const [matrixUnits, subgroups] = joint;
    const limits = { maxComputeWorkgroupStorageSize: 32768 };
    const shape = shapeOf(matrixUnits);
    const sweeps = [false, true].map((staged) => sweepTiling(shape, { subgroups, keys: staged ? 64 : 128, elements: 16, staged }));
    for (const tiling of [jointTiling(shape, subgroups), ...sweeps]) {
      const setting = { ...halves, matrixUnits, tilings: { ...smallTilings, globalJoint: tiling }, limits };
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
      // As few keys as may be, and so many in a split that subgroups have several sixteens of them.
      const few = { ...some, batch: 1, sequence: 16, mask: [2, 1, 2, ...times(10, 1), 0, 1, 1] };
      const many = { ...some, batch: 1, sequence: 2100, mask: [2, 1, 2, ...times(2000, 1), ...times(10, 0), ...times(90, 1)] };
      for (const attention of [some, padded, few, ...(tiling.kind === "sweep" && !tiling.staged ? [many] : [])])
        expect([tiling.name, await attentionDifferences(device(), attention, setting)]).toEqual([tiling.name, []]);
      const { expected, actual, kernels } = await attentionResults(device(), risingGlobals, setting);
      expect([tiling.name, tensorDifference(actual[0], found(expected[0]), risingTolerance)]).toEqual([tiling.name, undefined]);
      expect(kernels.slice(-3)).toEqual(["global-queries-to-float16", `global-attention-${tiling.name}`, "global-values"]);
    }
  });

  test.each(Object.entries(scaled))("scores that rise so that sums are scaled: %s", async (_, [matrixUnits, cut, headSize, window]) => {
    const tilings = { window: matrixAttentionTiling(shapeOf(matrixUnits), ...cut) };
    expect(await attentionDifferences(device(), risingWindow(headSize, window), { ...joined, matrixUnits, tilings })).toEqual([]);
  });
}
