import { describe, expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { globalTilingFor } from "./global-tiling.ts";
import { jointTiling, jointTilingsOf, sweepTiling } from "./joint-tiling.ts";
import { jointTilingFor } from "./plan-joint.ts";
import { splitKeys } from "./global-splits.ts";
import type { SizedAttention } from "./attention-plan.ts";
import { headTilingFor } from "./tiling.ts";
import { splitsOfWindow, windowSplits } from "./window-splits.ts";

const facts: DeviceFacts = {
  ...defaultFacts,
  subgroups: { minimum: 32, maximum: 32 },
  limits: { ...defaultFacts.limits, maxComputeWorkgroupStorageSize: 49152 },
};
const extent = (rows: number, length = 64) => ({ length, rows, stack: 12, halves: false });

test("long texts go to quads, short ones to tiles, which have more invocations for a row", () => {
  expect(headTilingFor(facts, extent(4096), undefined).name).toBe("quads-64x16-8");
  expect(headTilingFor(facts, extent(512), undefined).name).toBe("tile-64x32-256");
});

test("on matrix units, subgroups share the rows of short texts; devices with little memory for workgroups have fewer rows in each", () => {
  const matrixUnits = { shapes: [{ rows: 16, columns: 16, inner: 16 }], lanes: 32 } as const;
  const withUnits: DeviceFacts = { ...facts, shaderFloat16: true, matrixUnits };
  const taken = (rows: number, bytes: number, { halves = true, length = 64, invocations = 1024 } = {}): string => {
    const most = { maxComputeInvocationsPerWorkgroup: invocations, maxComputeWorkgroupSizeX: invocations };
    const limits = { ...withUnits.limits, ...most, maxComputeWorkgroupStorageSize: bytes };
    return headTilingFor({ ...withUnits, limits }, { ...extent(rows, length), halves }, undefined).name;
  };
  expect([taken(4096, 49152), taken(512, 49152)]).toEqual(["matrix-16x16x16-64x32-4-one", "matrix-16x16x16-64x32x3-12-one"]);
  expect([taken(4096, 32768), taken(512, 32768)]).toEqual(["matrix-16x16x16-64x32-4-one", "matrix-16x16x16-32x32-2"]);
  expect([taken(4096, 16384), taken(512, 16384)]).toEqual(["matrix-16x16x16-32x32-2", "matrix-16x16x16-32x32-2"]);
  expect(taken(512, 49152, { invocations: 256 })).toBe("matrix-16x16x16-64x32x2-8");
  // Invocations that would have two and a half eights of keys each.
  expect(taken(4096, 49152, { length: 80 })).toBe("matrix-16x16x16-64x32-4");
  expect(taken(4096, 49152, { halves: false })).toBe("quads-64x16-8");
});

test("what a device cannot run is not taken, though it is wanted", () => {
  const wanted = headTilingFor(facts, extent(512), undefined);
  expect(headTilingFor(defaultFacts, extent(512), wanted).name).toBe("staged");
  // Heads that quads cannot share.
  expect(headTilingFor(facts, extent(4096, 12), undefined).name).toBe("tile-64x32-256");
  expect(headTilingFor({ ...facts, kind: "cpu" }, extent(512), wanted).name).toBe("lanes");
});

test("tiles of global tokens are not half empty, and are enough for a GPU", () => {
  const taken = (rows: number, stack: number): string => globalTilingFor(facts, { rows, stack, halves: false }).name;
  expect([taken(12, 64), taken(24, 64), taken(192, 64), taken(192, 256)]).toEqual(["tile-16x64", "tile-16x64", "tile-32x64", "tile-64x64"]);
});

describe("global attention in one kernel", () => {
  const shape = { rows: 16, columns: 16, inner: 16 };
  const device: DeviceFacts = {
    ...facts,
    shaderFloat16: true,
    matrixUnits: { shapes: [shape], lanes: 32 },
    limits: { ...facts.limits, maxComputeInvocationsPerWorkgroup: 1024 },
  };
  const sized = (own: Partial<SizedAttention>, storage = "float16", of: DeviceFacts = device): SizedAttention =>
    ({
      context: { facts: of },
      inputs: { hidden: { storage } },
      batch: 1,
      sequence: 4096,
      hidden: 768,
      heads: 12,
      headSize: 64,
      slots: 16,
      tilings: {},
      ...own,
    }) as SizedAttention;

  test("is taken on matrix units for tokens of a size that comes out even and fits", () => {
    const taken = (...given: Parameters<typeof sized>): string | undefined => jointTilingFor(sized(...given))?.name;
    expect(taken({})).toBe("joint-16x16x16-by-12");
    expect(taken({ hidden: 1024, heads: 16 })).toBe(undefined);
    expect(taken({ hidden: 760 })).toBe(undefined);
    expect(taken({}, "float32")).toBe(undefined);
    expect(taken({}, "float16", facts)).toBe(undefined);
    expect(taken({ tilings: { globalJoint: jointTiling(shape, 8) } })).toBe("joint-16x16x16-by-8");
    expect(taken({ tilings: { globalJoint: jointTiling(shape, 5) } })).toBe(undefined);
    expect(taken({ tilings: { globalJoint: false } })).toBe(undefined);
  });

  test("sweeps are no rule, and are taken for sequences whose keys they have room for", () => {
    const sweep = sweepTiling(shape, { subgroups: 12, keys: 192, elements: 128, staged: false });
    const all = (hidden: number): readonly string[] => jointTilingsOf(device, hidden).map(({ name }) => name);
    expect(all(768)).toEqual([
      "joint-16x16x16-by-12",
      "joint-16x16x16-by-8",
      "sweep-16x16x16-by-12-of-192x128",
      "sweep-16x16x16-by-16-of-128x128",
      "sweep-16x16x16-by-8-of-192x128",
      "sweep-16x16x16-by-12-of-192x64-staged",
      "sweep-16x16x16-by-8-of-128x64-staged",
    ]);
    expect(all(1024)).toEqual(["sweep-16x16x16-by-16-of-128x128"]);
    const taken = (own: Parameters<typeof sized>[0]): string | undefined =>
      jointTilingFor(sized({ tilings: { globalJoint: sweep }, ...own }))?.name;
    const sequences = [15, 16, 4096, 6144, 6145];
    expect(sequences.map((sequence) => taken({ sequence }) === sweep.name)).toEqual([false, true, true, true, false]);
    expect(taken({ sequence: 15 })).toBe("joint-16x16x16-by-12");
    expect(taken({ hidden: 760 })).toBe(undefined);
    const splits = [{ sequence: 4096 }, { sequence: 500, batch: 64 }].map((own) => splitKeys(sized(own), "reassociated", sweep));
    expect(splits.map((found) => [found.splits, found.splitKeys])).toEqual([
      [22, 192],
      [3, 176],
    ]);
  });

  test("splits keys into whole steps, and makes no more workgroups than run at once", () => {
    const [tiling] = jointTilingsOf(device, 768);
    const splits = (own: Partial<SizedAttention>): readonly number[] => {
      const found = splitKeys(sized(own), "reassociated", tiling);
      return [found.splits, found.splitKeys, found.scoreElements];
    };
    expect(splits({})).toEqual([22, 192, 0]);
    expect(splits({ sequence: 512 })).toEqual([16, 32, 0]);
    expect(splits({ sequence: 512, batch: 8 })).toEqual([2, 256, 0]);
    expect(splits({ sequence: 500, batch: 64 })).toEqual([1, 512, 0]);
    expect([splits({ slots: 1 }), splitKeys(sized({ slots: 1 }), "reassociated", tiling).slots]).toEqual([[32, 128, 0], 8]);
  });
});

test("keys of a window are split where there are few workgroups, and enough keys", () => {
  expect([12, 96, 192, 384, 768].map(splitsOfWindow)).toEqual([32, 4, 2, 1, 1]);
  expect(windowSplits(528, 4)).toEqual({ splits: 4, splitKeys: 160 });
  expect(windowSplits(528, 32)).toEqual({ splits: 4, splitKeys: 160 });
  expect(windowSplits(300, 4)).toEqual({ splits: 2, splitKeys: 160 });
  expect(windowSplits(255, 4)).toEqual({ splits: 1, splitKeys: 256 });
});
