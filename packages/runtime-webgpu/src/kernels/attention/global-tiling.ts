import type { DeviceFacts, DeviceLimits, MatrixShape } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { bufferAccess } from "../parts/bindings.ts";

/**
 * How the two products of re-associated global attention are cut on a GPU: into tiles of rows and 64 columns. Plain data; `name` says all of it.
 * `tile` (`global-scores.ts`, `global-mix.ts`) runs on every GPU; `matrix` (`matrix-scores.ts`, `matrix-mix.ts`) needs matrix units, and computes with
 * operands of float16.
 */
export type GlobalTiling = TileGlobalTiling | MatrixGlobalTiling;

export interface TileGlobalTiling {
  readonly kind: "tile";
  readonly name: string;
  /** Invocations along the rows, and rows of each; along the columns there are always 16, with 4 columns each. */
  readonly rowThreads: number;
  readonly threadRows: number;
}

export interface MatrixGlobalTiling {
  readonly kind: "matrix";
  readonly name: string;
  readonly shape: MatrixShape;
  readonly rows: number;
  /** The block of a tile that one subgroup computes: multiples of the shape. */
  readonly subgroupRows: number;
  readonly subgroupColumns: number;
}

/** Invocations along the columns of a tile without matrix units. */
export const columnThreads = 16;

/** Vectors of 4 along the inner axis that are staged at a time, without matrix units. */
export const stagedVectors = 4;

/** Columns of a tile: keys of the scores, elements of what is mixed. */
export const tileColumns = 64;

/** Both products read four buffers, and write two. */
export const productAccess: Kernel["access"] = /*#__PURE__*/ bufferAccess(4, 2);

export function tileGlobalTiling(rowThreads: number, threadRows: number): TileGlobalTiling {
  return { kind: "tile", name: `tile-${rowThreads * threadRows}x${tileColumns}`, rowThreads, threadRows };
}

export function matrixGlobalTiling(shape: MatrixShape, rows: number, subgroupRows: number, subgroupColumns: number): MatrixGlobalTiling {
  const name = `matrix-${shape.rows}x${shape.columns}x${shape.inner}-${rows}x${tileColumns}-${subgroupRows}x${subgroupColumns}`;
  return { kind: "matrix", name, shape, rows, subgroupRows, subgroupColumns };
}

/** Elements between rows of what is staged, of both sides, and of a subgroup's sums: more than a row has, so that neighbours lie in other banks. */
export function matrixStrides(
  { subgroupColumns }: MatrixGlobalTiling,
  rightOrder: "columns" | "rows",
): Readonly<Record<"staged" | "right" | "sums", number>> {
  return { staged: tileColumns + 8, right: (rightOrder === "columns" ? tileColumns : subgroupColumns) + 8, sums: subgroupColumns + 4 };
}

/** How many bytes of workgroup memory a tile takes at most, with what its kernels keep of its rows. */
function matrixBytes(tiling: MatrixGlobalTiling): number {
  const { shape, rows, subgroupRows, subgroupColumns } = tiling;
  const { staged, right, sums } = matrixStrides(tiling, "rows");
  const across = tileColumns / subgroupColumns;
  return (
    2 * rows * staged +
    2 * tileColumns * across * right +
    4 * (rows / subgroupRows) * across * shape.rows * sums +
    4 * rows * (tileColumns / 4 + 1)
  );
}

/** From the most arithmetic per value read to the most workgroups. All of them run on every GPU. */
const tileTilings: readonly TileGlobalTiling[] = [tileGlobalTiling(8, 8), tileGlobalTiling(8, 4), tileGlobalTiling(8, 2)];

/** Rows, and the block of a subgroup, in the same order. */
const matrixCuts: readonly (readonly [number, number, number])[] = [
  [64, 32, 32],
  [32, 16, 32],
  [16, 16, 16],
];

/** About as many workgroups as keep a GPU busy with a product. */
const busyWorkgroups = 256;

/** All that a GPU can run, for tests and benchmarks; on matrix units where the hidden states are float16. */
export function globalTilingsOf({ matrixUnits, shaderFloat16, limits }: DeviceFacts, halves: boolean): readonly GlobalTiling[] {
  const shapes = halves && shaderFloat16 ? (matrixUnits?.shapes ?? []) : [];
  const matrix = shapes.flatMap((shape) => matrixCuts.map((cut) => matrixGlobalTiling(shape, ...cut)));
  return [...matrix.filter((tiling) => fitsMatrixProduct(tiling, limits)), ...tileTilings];
}

/** Whether a tile comes out even, and fits the memory of a workgroup. */
export function fitsMatrixProduct(tiling: MatrixGlobalTiling, { maxComputeWorkgroupStorageSize }: DeviceLimits): boolean {
  return tiling.subgroupRows % tiling.shape.rows === 0 && matrixBytes(tiling) <= maxComputeWorkgroupStorageSize;
}

/** What there is to compute: rows, and how many tiles of columns of them; whether the hidden states are float16. */
interface GlobalExtent {
  readonly rows: number;
  readonly stack: number;
  readonly halves: boolean;
}

/** The tiling for so many rows. Tiles that would be half empty are not taken. */
export function globalTilingFor(facts: DeviceFacts, { rows, stack, halves }: GlobalExtent): GlobalTiling {
  const all = globalTilingsOf(facts, halves);
  const ofKind = all.filter(({ kind, ...rest }) => kind === all[0]?.kind && ("shape" in rest ? rest.shape === shapeOf(all[0]) : true));
  const filled = ofKind.filter((tiling) => 2 * rows > rowsOfTile(tiling));
  const busy = filled.find((tiling) => Math.ceil(rows / rowsOfTile(tiling)) * stack >= busyWorkgroups);
  return busy ?? filled.at(-1) ?? ofKind.at(-1) ?? tileGlobalTiling(8, 2);
}

function shapeOf(tiling: GlobalTiling | undefined): MatrixShape | undefined {
  return tiling?.kind === "matrix" ? tiling.shape : undefined;
}

export function rowsOfTile(tiling: GlobalTiling): number {
  return tiling.kind === "matrix" ? tiling.rows : tiling.rowThreads * tiling.threadRows;
}
