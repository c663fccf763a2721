import { expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { globalTilingFor } from "./global-tiling.ts";
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
  expect(headTilingFor(facts, extent(512), undefined).name).toBe("tile-64x32-128");
});

test("what a device cannot run is not taken, though it is wanted", () => {
  const wanted = headTilingFor(facts, extent(512), undefined);
  expect(headTilingFor(defaultFacts, extent(512), wanted).name).toBe("staged");
  // Heads that quads cannot share.
  expect(headTilingFor(facts, extent(4096, 12), undefined).name).toBe("tile-64x32-128");
  expect(headTilingFor({ ...facts, kind: "cpu" }, extent(512), wanted).name).toBe("lanes");
});

test("tiles of global tokens are not half empty, and are enough for a GPU", () => {
  const taken = (rows: number, stack: number): string => globalTilingFor(facts, { rows, stack, halves: false }).name;
  expect([taken(12, 64), taken(24, 64), taken(192, 64), taken(192, 256)]).toEqual(["tile-16x64", "tile-16x64", "tile-32x64", "tile-64x64"]);
});

test("keys of a window are split where there are few workgroups, and enough keys", () => {
  expect([12, 96, 192, 384, 768].map(splitsOfWindow)).toEqual([32, 4, 2, 1, 1]);
  expect(windowSplits(528, 4)).toEqual({ splits: 4, splitKeys: 160 });
  expect(windowSplits(528, 32)).toEqual({ splits: 4, splitKeys: 160 });
  expect(windowSplits(300, 4)).toEqual({ splits: 2, splitKeys: 160 });
  expect(windowSplits(255, 4)).toEqual({ splits: 1, splitKeys: 256 });
});
