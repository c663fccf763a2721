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
  [tileTiling({ threads: [8, 8], block: [8, 8], slices: 2, readsAhead: true, unrolls: true }), 384],
  [tileTiling({ threads: [8, 8], block: [8, 4], slices: 2, readsAhead: true, unrolls: true }), 512],
  [tileTiling({ threads: [8, 8], block: [8, 8], slices: 2, readsAhead: true, unrolls: true, parts: 4 }), 256],
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
 * The same on matrix units, each with the microseconds that a workgroup took for 64 of the inner axis on an H200 (`npm run bench:linear-variants`).
 * Its cores have one such workgroup at a time: twice as many as there are cores take as long as one more than there are.
 */
const matrixTiles: readonly { readonly tile: MatrixTile; readonly microseconds: number }[] = [
  { tile: { workgroup: [128, 128, 64], subgroup: [64, 64], sumColumns: 32 }, microseconds: 1.4 },
  { tile: { workgroup: [128, 96, 64], subgroup: [64, 48], sumColumns: 16 }, microseconds: 1.2 },
  { tile: { workgroup: [128, 64, 64], subgroup: [64, 32] }, microseconds: 0.92 },
  { tile: { workgroup: [64, 64, 64], subgroup: [32, 32] }, microseconds: 0.58 },
  { tile: { workgroup: [64, 48, 64], subgroup: [16, 48] }, microseconds: 0.55 },
  { tile: { workgroup: [32, 32, 64], subgroup: [16, 16] }, microseconds: 0.31 },
];
const measuredCores = 132;

/** The tiles that a device's matrix units can run, by the largest of their shapes, with the microseconds of each. */
function matrixTilings({ matrixUnits, limits }: DeviceFacts): readonly (readonly [MatrixTiling, number])[] {
  if (matrixUnits === undefined) return [];
  const volume = (shape: MatrixShape): number => shape.rows * shape.columns * shape.inner;
  const [shape] = matrixUnits.shapes.toSorted((left, right) => volume(right) - volume(left));
  if (shape === undefined) return [];
  return matrixTiles
    .filter(({ tile }) => comesOutEven(tile, matrixUnits, shape))
    .map(({ tile, microseconds }) => [matrixTiling(tile, matrixUnits, shape), microseconds] as const)
    .filter(([tiling]) => fits(tiling, limits));
}

/** The tile whose workgroups, as many at a time as there were cores, would be done first. */
function fastestMatrixTiling(facts: DeviceFacts, { rows, columns }: ProductShape): MatrixTiling | undefined {
  const time = ([tiling, microseconds]: readonly [MatrixTiling, number]): number =>
    Math.ceil(workgroupsOf(tiling, rows, columns) / measuredCores) * microseconds;
  return matrixTilings(facts).toSorted((left, right) => time(left) - time(right))[0]?.[0];
}

function workgroupsOf(tiling: Tiling, rows: number, columns: number): number {
  const extent = workgroupExtent(tiling);
  return Math.ceil(rows / extent.rows) * Math.ceil(columns / extent.columns);
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
  const { rows, columns, stack, rightLayout } = shape;
  if (facts.kind === "cpu") return laneTiling(facts, rows <= 4 && columns > rows ? "columns" : "rows");
  if (rows <= few && rightLayout === "rows") return laneTiling(facts, "columns");
  if ((rows <= few || columns <= few) && fits(split, facts.limits)) return split;
  const onMatrixUnits = rightStorage === "float16" && suitsMatrixUnits(shape) ? fastestMatrixTiling(facts, shape) : undefined;
  if (onMatrixUnits !== undefined) return onMatrixUnits;
  const fitting = (rightLayout === "columns" && stack === 1 ? tiles : tilesInOne).filter(([tiling]) => fits(tiling, facts.limits));
  const chosen = fitting.find(([tiling, least]) => stack * tiling.parts * workgroupsOf(tiling, rows, columns) >= least);
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
