import type { DeviceFacts, MatrixShape } from "../../kernel/device-facts.ts";

/** How the work of a workgroup of `matrix-attention.ts` is cut. Plain data; `name` says all of it. */
export interface MatrixAttentionTiling {
  readonly kind: "matrix";
  readonly name: string;
  readonly shape: MatrixShape;
  readonly subgroups: number;
  /** Matrices of a subgroup's rows, one below the other. */
  readonly rowTiles: number;
  /** Keys of a tile: a multiple of what matrices have of columns and of inner elements. */
  readonly keys: number;
  /** Whether the next tile is read from memory while this one is multiplied. */
  readonly readsAhead: boolean;
}

export function matrixAttentionTiling(
  shape: MatrixShape,
  subgroups: number,
  rowTiles: number,
  keys: number,
  { readsAhead = false }: Partial<Pick<MatrixAttentionTiling, "readsAhead">> = {},
): MatrixAttentionTiling {
  const extent = `${subgroups * rowTiles * shape.rows}x${keys}-${subgroups}`;
  const name = `matrix-${shape.rows}x${shape.columns}x${shape.inner}-${extent}${readsAhead ? "-ahead" : ""}`;
  return { kind: "matrix", name, shape, subgroups, rowTiles, keys, readsAhead };
}

export function rowsOfMatrixTiling({ shape, subgroups, rowTiles }: MatrixAttentionTiling): number {
  return subgroups * rowTiles * shape.rows;
}

/** What a workgroup keeps in its memory. Rows are longer than they need be, so that neighbours lie in other banks. */
export interface MatrixMemory {
  readonly rows: number;
  /** Elements of a vector with those that fill its last matrix up, and from one staged vector, row of probabilities and row of scores to the next. */
  readonly depth: number;
  readonly stride: number;
  readonly probabilityStride: number;
  readonly scoreStride: number;
  /** Invocations that share a row of the scores. */
  readonly perRow: number;
  readonly bytes: number;
}

export function matrixMemory(tiling: MatrixAttentionTiling, lanes: number, length: number): MatrixMemory {
  const { shape, rowTiles, keys } = tiling;
  const rows = rowsOfMatrixTiling(tiling);
  const unit = Math.max(shape.columns, shape.inner);
  const depth = Math.ceil(length / unit) * unit;
  const stride = depth + 8;
  return {
    rows,
    depth,
    stride,
    probabilityStride: keys + 8,
    scoreStride: keys + 4,
    perRow: lanes / (rowTiles * shape.rows),
    bytes: 2 * (rows + 2 * keys) * stride + 2 * rows * (keys + 8) + 4 * rows * (keys + 4) + 8 * keys + 4 * rows * 6 + 32,
  };
}

/** Whether a device can run it for vectors of so many elements. */
export function fitsMatrixAttention(
  tiling: MatrixAttentionTiling,
  length: number,
  { matrixUnits, shaderFloat16, limits }: DeviceFacts,
): boolean {
  if (matrixUnits === undefined || !shaderFloat16) return false;
  const { perRow, depth, bytes } = matrixMemory(tiling, matrixUnits.lanes, length);
  const { rows, columns, inner } = tiling.shape;
  const invocations = tiling.subgroups * matrixUnits.lanes;
  return (
    matrixUnits.shapes.some((shape) => shape.rows === rows && shape.columns === columns && shape.inner === inner) &&
    Number.isInteger(perRow) &&
    (!tiling.readsAhead || (Number.isInteger((tiling.keys * depth) / 8 / invocations) && tiling.keys <= invocations)) &&
    tiling.keys % Math.max(columns, inner) === 0 &&
    bytes <= limits.maxComputeWorkgroupStorageSize &&
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX)
  );
}
