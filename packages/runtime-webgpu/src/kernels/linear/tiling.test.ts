import { expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { heuristicTiling, tilingsOf, workgroupExtent, type ProductShape } from "./tiling.ts";
import { defaultFacts } from "../../testing/default-facts.ts";

const software: DeviceFacts = { ...defaultFacts, kind: "cpu" };
const compatibility: DeviceFacts = {
  ...defaultFacts,
  limits: { ...defaultFacts.limits, maxComputeInvocationsPerWorkgroup: 128, maxComputeWorkgroupSizeX: 128 },
};
const shape = (rows: number, columns: number, inner = 768): ProductShape => ({ rows, columns, inner, stack: 1, rightLayout: "columns" });
const nameOf = (facts: DeviceFacts, sizes: ProductShape): string => heuristicTiling(facts, sizes).name;

test("tilings keep within WebGPU's default limits", () => {
  expect(tilingsOf(defaultFacts).map(({ name }) => name)).toEqual([
    "tile-128x128",
    "tile-128x64",
    "tile-64x64",
    "tile-32x32",
    "split-64",
    "lanes-rows-8x4-workgroup-64",
    "lanes-columns-4x4-workgroup-64",
  ]);
  expect(workgroupExtent(heuristicTiling(defaultFacts, shape(4096, 3072)))).toEqual({ rows: 128, columns: 128 });
});

test("the larger the product, the larger the tile, as long as there are workgroups enough", () => {
  expect(nameOf(defaultFacts, shape(4096, 3072))).toBe("tile-128x128");
  expect(nameOf(defaultFacts, shape(4096, 768))).toBe("tile-128x64");
  expect(nameOf(defaultFacts, shape(512, 768))).toBe("tile-64x64");
  expect(nameOf(defaultFacts, shape(64, 768))).toBe("tile-32x32");
});

test("few rows, or few columns, split the sums", () => {
  expect(nameOf(defaultFacts, shape(1, 768))).toBe("split-64");
  expect(nameOf(defaultFacts, shape(4096, 2))).toBe("split-64");
  expect(nameOf(defaultFacts, { ...shape(1, 768), rightLayout: "rows" })).toBe("lanes-columns-4x4-workgroup-64");
});

test("software adapters compute in registers, and broadcast where subgroups have one size", () => {
  const withSubgroups = (minimum: number, maximum: number): DeviceFacts => ({ ...software, subgroups: { minimum, maximum } });
  expect(nameOf(software, shape(512, 768))).toBe("lanes-rows-8x4-workgroup-8");
  expect(nameOf(software, shape(1, 768))).toBe("lanes-columns-4x4-workgroup-8");
  expect(nameOf(withSubgroups(8, 8), shape(512, 768))).toBe("lanes-rows-4x16-subgroup-8");
  expect(nameOf(withSubgroups(4, 4), shape(512, 768))).toBe("lanes-rows-4x8-subgroup-4");
  expect(nameOf(withSubgroups(8, 8), shape(1, 768))).toBe("lanes-columns-4x4-subgroup-8");
  expect(nameOf(withSubgroups(4, 8), shape(512, 768))).toBe("lanes-rows-8x4-workgroup-8");
});

test("a device of fewer invocations gets the tiles that fit it", () => {
  expect(nameOf(compatibility, shape(4096, 3072))).toBe("tile-64x64");
});
