import { expect, test } from "vitest";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { heuristicTiling, tilingsOf } from "./heuristic-tiling.ts";
import { workgroupExtent, type ProductShape } from "./tiling.ts";

const software: DeviceFacts = { ...defaultFacts, kind: "cpu" };
const compatibility: DeviceFacts = {
  ...defaultFacts,
  limits: { ...defaultFacts.limits, maxComputeInvocationsPerWorkgroup: 128, maxComputeWorkgroupSizeX: 128 },
};
const shape = (rows: number, columns: number, inner = 768): ProductShape => ({ rows, columns, inner, stack: 1, rightLayout: "columns" });
const nameOf = (facts: DeviceFacts, sizes: ProductShape): string => heuristicTiling(facts, sizes).name;

test("tilings keep within WebGPU's default limits", () => {
  expect(tilingsOf(defaultFacts).map(({ name }) => name)).toEqual([
    "tile-64x64-blocks-8x8-ahead-unrolled",
    "tile-64x64-blocks-8x8-slices-2-ahead-unrolled",
    "tile-64x32-slices-2-ahead-unrolled",
    "tile-64x64-blocks-8x8-slices-2-ahead-unrolled-by-4",
    "tile-32x32-by-4",
    "tile-128x128",
    "tile-128x64",
    "tile-64x64",
    "tile-32x32",
    "split-64",
    "lanes-rows-8x4-workgroup-64",
    "lanes-columns-4x4-workgroup-64",
  ]);
  expect(workgroupExtent(heuristicTiling(defaultFacts, shape(4096, 3072)))).toEqual({ rows: 64, columns: 64 });
});

test("where workgroups are few, tiles are smaller and the inner axis comes in parts", () => {
  expect(nameOf(defaultFacts, shape(4096, 768))).toBe("tile-64x64-blocks-8x8-ahead-unrolled");
  expect(nameOf(defaultFacts, shape(512, 3072))).toBe("tile-64x64-blocks-8x8-slices-2-ahead-unrolled");
  expect(nameOf(defaultFacts, shape(512, 2304))).toBe("tile-64x32-slices-2-ahead-unrolled");
  expect(nameOf(defaultFacts, shape(512, 768))).toBe("tile-64x64-blocks-8x8-slices-2-ahead-unrolled-by-4");
  expect(nameOf(defaultFacts, shape(64, 768))).toBe("tile-32x32-by-4");
  expect(nameOf(defaultFacts, { ...shape(64, 768), stack: 2 })).toBe("tile-32x32");
});

test("matrix units compute weights of float16 whose axes come in eights and fours", () => {
  const shapes = [{ rows: 16, columns: 16, inner: 16 }];
  const facts: DeviceFacts = {
    ...defaultFacts,
    matrixUnits: { shapes, lanes: 32 },
    limits: { ...defaultFacts.limits, maxComputeWorkgroupStorageSize: 49_152 },
  };
  const chosen = (sizes: ProductShape, on = facts): string => heuristicTiling(on, sizes, "float16").name;
  // As many workgroups at a time as an H200 has cores: 192 of the largest tile take two rounds of 132, as 256 of the next do.
  expect(chosen(shape(4096, 3072))).toBe("matrix-128x128x64-64x64-sums-32-of-16x16x16");
  expect(chosen(shape(4096, 2304))).toBe("matrix-128x128x64-64x64-sums-32-of-16x16x16");
  expect(chosen(shape(4096, 1024, 4096))).toBe("matrix-128x128x64-64x64-sums-32-of-16x16x16");
  expect(chosen(shape(4096, 768, 3072))).toBe("matrix-128x96x64-64x48-sums-16-of-16x16x16");
  expect(chosen(shape(512, 3072))).toBe("matrix-128x96x64-64x48-sums-16-of-16x16x16");
  expect(chosen(shape(512, 2304))).toBe("matrix-128x96x64-64x48-sums-16-of-16x16x16");
  expect(chosen(shape(512, 768))).toBe("matrix-64x48x64-16x48-of-16x16x16");
  expect(chosen(shape(32, 768))).toBe("matrix-32x32x64-16x16-of-16x16x16");
  const small = { ...facts, limits: { ...facts.limits, maxComputeWorkgroupStorageSize: 32_768 } };
  expect(chosen(shape(4096, 3072), small)).toBe("matrix-64x64x64-32x32-of-16x16x16");
  expect(chosen(shape(4096, 768, 12))).toBe("tile-64x64-blocks-8x8-ahead-unrolled");
  expect(chosen(shape(4096, 2))).toBe("split-64");
  expect(heuristicTiling(facts, shape(4096, 768)).name).toBe("tile-64x64-blocks-8x8-ahead-unrolled");
  // Matrices that no tile is made of leave the others.
  const odd = { ...facts, matrixUnits: { shapes: [{ rows: 12, columns: 16, inner: 16 }], lanes: 32 } } as const;
  expect(chosen(shape(4096, 768), odd)).toBe("tile-64x64-blocks-8x8-ahead-unrolled");
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
  expect(nameOf(compatibility, shape(4096, 3072))).toBe("tile-64x64-blocks-8x8-ahead-unrolled");
});
