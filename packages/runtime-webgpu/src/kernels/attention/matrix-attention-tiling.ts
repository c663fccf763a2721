import type { DeviceFacts, MatrixShape } from "../../kernel/device-facts.ts";
import type { MadeMatrixUnits } from "../matrix/index.ts";

/** How the work of a workgroup of `matrix-attention.ts` is cut. Plain data; `name` says all of it. */
export interface MatrixAttentionTiling {
  readonly kind: "matrix";
  readonly name: string;
  readonly shape: MatrixShape;
  readonly subgroups: number;
  /** Matrices of a subgroup's rows, one below the other. */
  readonly rowTiles: number;
  /** Keys of a tile that a subgroup takes: a multiple of what matrices have of columns and of inner elements. */
  readonly keys: number;
  /** Subgroups that share rows, each with keys of its own; what they find is joined at the end. Divides `subgroups`. */
  readonly keyGroups: number;
  /** Whether values take the memory of the tile's keys once these are multiplied. */
  readonly sharesTile: boolean;
}

/** What makes a tiling, beside the shape of matrices. */
export type MatrixCut = readonly [subgroups: number, rowTiles: number, keys: number, keyGroups?: number, sharesTile?: boolean];

export function matrixAttentionTiling(
  shape: MatrixShape,
  ...[subgroups, rowTiles, keys, keyGroups = 1, sharesTile = false]: MatrixCut
): MatrixAttentionTiling {
  const extent = `${(subgroups / keyGroups) * rowTiles * shape.rows}x${keys}${keyGroups === 1 ? "" : `x${keyGroups}`}-${subgroups}`;
  const name = `matrix-${shape.rows}x${shape.columns}x${shape.inner}-${extent}${sharesTile ? "-one" : ""}`;
  return { kind: "matrix", name, shape, subgroups, rowTiles, keys, keyGroups, sharesTile };
}

export function rowsOfMatrixTiling({ shape, subgroups, rowTiles, keyGroups }: MatrixAttentionTiling): number {
  return (subgroups / keyGroups) * rowTiles * shape.rows;
}

/** What a workgroup keeps in its memory. Rows are longer than they need be, so that neighbours lie in other banks. */
export interface MatrixMemory {
  readonly rows: number;
  /** Elements of a vector with those that fill its last matrix up, and from one staged vector to the next. */
  readonly depth: number;
  readonly stride: number;
  /** Words of 4 bytes from one row of scores to the next. */
  readonly scoreStride: number;
  /** Invocations that share a row of the scores. */
  readonly perRow: number;
  /** Whether queries are staged where the scores will lie: they are in registers by then. In plain WGSL they are not. */
  readonly sharesQueries: boolean;
  readonly bytes: number;
}

export function matrixMemory(tiling: MatrixAttentionTiling, { make, lanes }: MadeMatrixUnits, length: number): MatrixMemory {
  const { shape, subgroups, rowTiles, keys, keyGroups, sharesTile } = tiling;
  const rows = rowsOfMatrixTiling(tiling);
  const unit = Math.max(shape.columns, shape.inner);
  const depth = Math.ceil(length / unit) * unit;
  const stride = depth + 8;
  const sharesQueries = make === undefined;
  const scoreStride = Math.max(keys, sharesQueries ? depth / 2 : 0) + 4;
  const scoreRows = subgroups * rowTiles * shape.rows;
  const queries = sharesQueries ? 0 : 2 * rows * stride;
  return {
    rows,
    depth,
    stride,
    scoreStride,
    perRow: lanes / (rowTiles * shape.rows),
    sharesQueries,
    bytes: keyGroups * ((sharesTile ? 2 : 4) * keys * stride + 8 * keys) + queries + scoreRows * (4 * scoreStride + 12) + 32,
  };
}

/** How many eights of keys, and of values, an invocation stages of a tile; undefined where that does not come out even, or is too many. */
export function stagedEights({ subgroups, keys, keyGroups }: MatrixAttentionTiling, lanes: number, depth: number): number | undefined {
  const each = (keyGroups * keys * depth) / 8 / (subgroups * lanes);
  // Registers are not enough for more at once.
  const most = 8;
  return Number.isInteger(each) && each <= most ? each : undefined;
}

/** Whether a device can run it for vectors of so many elements. */
export function fitsMatrixAttention(
  tiling: MatrixAttentionTiling,
  length: number,
  { matrixUnits, shaderFloat16, subgroups, limits }: DeviceFacts,
): boolean {
  if (matrixUnits === undefined || subgroups === undefined || !shaderFloat16) return false;
  const { perRow, depth, stride, bytes } = matrixMemory(tiling, matrixUnits, length);
  const { rows, columns, inner } = tiling.shape;
  const { keys } = tiling;
  const invocations = tiling.subgroups * matrixUnits.lanes;
  return (
    matrixUnits.shapes.some((shape) => shape.rows === rows && shape.columns === columns && shape.inner === inner) &&
    // A row's invocations are of one quad, and whole matrices of probabilities are of one of them.
    [1, 2, 4].includes(perRow) &&
    (keys / perRow) % inner === 0 &&
    keys % columns === 0 &&
    tiling.subgroups % tiling.keyGroups === 0 &&
    // Values wait in registers while keys are multiplied.
    (!tiling.sharesTile || stagedEights(tiling, matrixUnits.lanes, depth) !== undefined) &&
    // Sums that are scaled go through the memory of the keys, a matrix of each subgroup at a time.
    4 * (tiling.subgroups / tiling.keyGroups) * rows * columns <= 2 * keys * stride &&
    bytes <= limits.maxComputeWorkgroupStorageSize &&
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX)
  );
}
