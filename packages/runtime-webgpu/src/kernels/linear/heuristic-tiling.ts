import type { DeviceFacts, MatrixShape } from "../../kernel/device-facts.ts";
import type { FloatStorage } from "../parts/float-storage.ts";
import {
  comesOutEven,
  fits,
  lanes,
  matrixTiling,
  tileTiling,
  workgroupExtent,
  type LaneTiling,
  type MatrixTile,
  type MatrixTiling,
  type ProductShape,
  type SplitTiling,
  type TileTiling,
  type Tiling,
} from "./tiling.ts";

/**
 * From the most arithmetic per value read to the most workgroups, each with the workgroups that should at least come of it. Compared on an H200
 * (`npm run bench:linear-variants`) at 512 and 4,096 rows of the layers of Longformer base.
 */
const tiles: readonly (readonly [TileTiling, number])[] = [
  [tileTiling({ threads: [8, 8], block: [8, 8], readsAhead: true, unrolls: true }), 768],
  [tileTiling({ threads: [8, 16], block: [8, 4], readsAhead: true }), 384],
  [tileTiling({ threads: [8, 16], block: [8, 4], readsAhead: true, parts: 4 }), 256],
  [tileTiling({ threads: [8, 8], block: [4, 4], parts: 4 }), 0],
];

/** For products whose inner axis stays in one. */
const tilesInOne: readonly (readonly [TileTiling, number])[] = [
  [tileTiling({ threads: [8, 16], block: [8, 4] }), 128],
  [tileTiling({ threads: [8, 8], block: [4, 4] }), 0],
];

/** Others that are worth a try. */
const otherTiles: readonly TileTiling[] = [
  tileTiling({ threads: [16, 16], block: [8, 8] }),
  tileTiling({ threads: [16, 16], block: [8, 4] }),
  tileTiling({ threads: [8, 16], block: [8, 4] }),
  tileTiling({ threads: [8, 8], block: [4, 4] }),
];

/**
 * The same on matrix units, and how long the inner axis has to be for the tile to be the best: staging more of it at a time takes memory from
 * other workgroups of a core. Compared on an H200 like the others.
 */
const matrixTiles: readonly { readonly tile: MatrixTile; readonly least: number; readonly leastInner: number }[] = [
  { tile: { workgroup: [128, 64, 64], subgroup: [64, 32] }, least: 264, leastInner: 2048 },
  { tile: { workgroup: [128, 128, 32], subgroup: [64, 32] }, least: 192, leastInner: 0 },
  { tile: { workgroup: [64, 64, 64], subgroup: [32, 32] }, least: 64, leastInner: 0 },
  { tile: { workgroup: [32, 32, 64], subgroup: [16, 16] }, least: 0, leastInner: 0 },
];

/** The tiles that a device's matrix units can run, by the largest of their shapes. */
function matrixTilings(
  { matrixUnits, limits }: DeviceFacts,
  inner = Number.POSITIVE_INFINITY,
): readonly (readonly [MatrixTiling, number])[] {
  if (matrixUnits === undefined) return [];
  const volume = (shape: MatrixShape): number => shape.rows * shape.columns * shape.inner;
  const [shape] = matrixUnits.shapes.toSorted((left, right) => volume(right) - volume(left));
  if (shape === undefined) return [];
  return matrixTiles
    .filter(({ tile, leastInner }) => inner >= leastInner && comesOutEven(tile, matrixUnits, shape))
    .map(({ tile, least }) => [matrixTiling(tile, matrixUnits, shape), least] as const)
    .filter(([tiling]) => fits(tiling, limits));
}

const split: SplitTiling = { kind: "split", name: "split-64", rows: 4, workgroupSize: 64 };

/** At most this many rows, or columns, are few. */
const few = 16;

/** Whether matrix units can compute a product: its inner axis is staged in eights, its output written in fours. */
function suitsMatrixUnits({ columns, inner, stack, rightLayout }: ProductShape): boolean {
  return rightLayout === "columns" && stack === 1 && inner % 8 === 0 && columns % 4 === 0;
}

/** Those tilings of a device that can compute a linear layer. */
export function tilingsFor(
  facts: DeviceFacts,
  shape: Pick<ProductShape, "columns" | "inner">,
  rightStorage: FloatStorage,
): readonly Tiling[] {
  const suits = suitsMatrixUnits({ ...shape, rows: 1, stack: 1, rightLayout: "columns" });
  return tilingsOf(facts, rightStorage).filter(({ kind }) => kind !== "matrix" || suits);
}

/** All that a device can run, for tests and for `tuneLinear`. */
export function tilingsOf(facts: DeviceFacts, rightStorage: FloatStorage = "float32"): readonly Tiling[] {
  const fitting = [...tiles.map(([tiling]) => tiling), ...otherTiles, split].filter((tiling) => fits(tiling, facts.limits));
  const onMatrixUnits = rightStorage === "float16" ? matrixTilings(facts).map(([tiling]) => tiling) : [];
  return [...onMatrixUnits, ...fitting, laneTiling(facts, "rows"), laneTiling(facts, "columns")];
}

/** The tiling for a product by heuristics, where no tuning knows better. */
export function heuristicTiling(facts: DeviceFacts, shape: ProductShape, rightStorage: FloatStorage = "float32"): Tiling {
  const { rows, columns, inner, stack, rightLayout } = shape;
  if (facts.kind === "cpu") return laneTiling(facts, rows <= 4 && columns > rows ? "columns" : "rows");
  if (rows <= few && rightLayout === "rows") return laneTiling(facts, "columns");
  if ((rows <= few || columns <= few) && fits(split, facts.limits)) return split;
  const isLinear = rightLayout === "columns" && stack === 1;
  const matrix = rightStorage === "float16" && suitsMatrixUnits(shape) ? matrixTilings(facts, inner) : [];
  const others = isLinear ? tiles : tilesInOne;
  const fitting = matrix.length > 0 ? matrix : others.filter(([tiling]) => fits(tiling, facts.limits));
  const chosen = fitting.find(([tiling, least]) => {
    const extent = workgroupExtent(tiling);
    return stack * tiling.parts * Math.ceil(rows / extent.rows) * Math.ceil(columns / extent.columns) >= least;
  });
  return chosen?.[0] ?? fitting.at(-1)?.[0] ?? laneTiling(facts, "rows");
}

/**
 * Lanes may broadcast where subgroups have one size only, so that a workgroup of that size is one of them. On a GPU the caches do it.
 * Broader vectors than 16 would leave too few workgroups.
 */
function laneTiling({ kind, subgroups, limits }: DeviceFacts, lanesOver: LaneTiling["lanesOver"]): LaneTiling {
  const size = subgroups?.minimum === subgroups?.maximum ? (subgroups?.minimum ?? 0) : 0;
  if (kind === "cpu" && size >= 4 && size <= 16) return lanes(lanesOver, 4, lanesOver === "rows" ? Math.min(16, 2 * size) : 4, size, true);
  const workgroupSize = kind === "cpu" ? 8 : Math.min(64, limits.maxComputeInvocationsPerWorkgroup);
  return lanesOver === "rows" ? lanes("rows", 8, 4, workgroupSize, false) : lanes("columns", 4, 4, workgroupSize, false);
}
