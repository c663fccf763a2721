import type { DeviceLimits, MatrixShape, MatrixUnits } from "../../kernel/device-facts.ts";
import type { MadeMatrixUnits, MakeMatrices } from "../matrix/index.ts";

/**
 * How a matrix product is cut into workgroups and invocations. Plain data; `name` says all of it, and is what a `LinearTuning` keeps.
 */
export type Tiling = LaneTiling | TileTiling | SplitTiling | MatrixTiling;

/**
 * Sums in registers only, no workgroup memory and no barrier: for software adapters. Each invocation (a lane of the processor's vectors)
 * has rows, or columns, of its own, and all of a workgroup share the other side.
 */
export interface LaneTiling {
  readonly kind: "lanes";
  readonly name: string;
  readonly lanesOver: "rows" | "columns";
  /** Rows, or columns, of each lane. */
  readonly perLane: number;
  /** Columns, or rows, that the lanes share. */
  readonly shared: number;
  readonly workgroupSize: number;
  /**
   * Whether lanes read the shared side for each other and pass it on by `subgroupBroadcast`; then the workgroup is one subgroup. Software
   * adapters read lane by lane, each with its own check of bounds, even where all read one address (lavapipe's machine code shows it).
   */
  readonly broadcasts: boolean;
}

/** Both sides staged in workgroup memory, a block of the output in the registers of each invocation. */
export interface TileTiling {
  readonly kind: "tile";
  readonly name: string;
  /** Invocations along the rows and the columns of the output: multiples of 8, as slots are permuted. */
  readonly rowThreads: number;
  readonly columnThreads: number;
  /** Rows and columns of each invocation; columns in fours. */
  readonly threadRows: number;
  readonly threadColumns: number;
  /** Steps of four of the inner axis that are staged at a time; a multiple of 4, of each slice. */
  readonly stagedSteps: number;
  /**
   * Into how many slices what is staged is cut: so many invocations share a block of the output, each adds the products of its slice, and their sums
   * are added up at the end. More invocations have work where there are few workgroups.
   */
  readonly slices: 1 | 2;
  /** Whether the next steps are read from memory while these are multiplied. */
  readonly readsAhead: boolean;
  /** Whether the loop over staged steps has a constant bound, where all of them are of the inner axis. */
  readonly unrolls: boolean;
  /** Into how many parts the inner axis is cut, each summed by workgroups of its own, where there would be too few workgroups. */
  readonly parts: number;
}

/** Both sides staged in workgroup memory as float16, multiplied by matrix units: each subgroup has a block of the output. */
export interface MatrixTiling {
  readonly kind: "matrix";
  readonly name: string;
  readonly shape: MatrixShape;
  readonly lanes: number;
  /** See `MadeMatrixUnits`. */
  readonly make?: MakeMatrices | undefined;
  /** Rows and columns of a workgroup, and how much of the inner axis it stages at a time. */
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Of a subgroup. */
  readonly subgroupRows: number;
  readonly subgroupColumns: number;
  /** Columns of a subgroup's sums that go through workgroup memory at a time, a row of matrices high. */
  readonly sumColumns: number;
  /** As for `TileTiling`. */
  readonly parts: number;
}

/** Few rows or few columns: the sums themselves are cut up over the invocations of a workgroup. */
export interface SplitTiling {
  readonly kind: "split";
  readonly name: string;
  readonly rows: number;
  readonly workgroupSize: number;
}

/** Sizes of a product `[rows, inner] · [inner, columns]`, `stack` of them, with the right side's rows or columns contiguous. */
export interface ProductShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly stack: number;
  /** `columns`: `right` lies as `[columns, inner]`, as linear layers keep it; `rows`: as `[inner, columns]`. */
  readonly rightLayout: RightLayout;
}

export type RightLayout = "columns" | "rows";

/** Rows and columns of the output that one workgroup computes. */
export function workgroupExtent(tiling: Tiling): { readonly rows: number; readonly columns: number } {
  if (tiling.kind === "split") return { rows: tiling.rows, columns: 4 };
  if (tiling.kind === "matrix") return { rows: tiling.rows, columns: tiling.columns };
  if (tiling.kind === "tile") return { rows: tiling.rowThreads * tiling.threadRows, columns: tiling.columnThreads * tiling.threadColumns };
  const own = tiling.workgroupSize * tiling.perLane;
  return tiling.lanesOver === "rows" ? { rows: own, columns: tiling.shared } : { rows: tiling.shared, columns: own };
}

/** Distances of rows in a `MatrixTiling`'s workgroup memory: of what is staged, in halves, and of sums, in floats. Banks of memory differ. */
export function matrixStrides({ inner, sumColumns }: MatrixTiling): { readonly staged: number; readonly sums: number } {
  return { staged: inner + 8, sums: sumColumns + 8 };
}

const cutInto = (parts: number): string => (parts === 1 ? "" : `-by-${parts}`);

/** What of a `TileTiling` may differ. */
export interface Tile {
  /** Invocations along rows and columns, and rows and columns of each. */
  readonly threads: readonly [rows: number, columns: number];
  readonly block: readonly [rows: number, columns: number];
  /** Default: 4 a slice. */
  readonly stagedSteps?: number;
  readonly slices?: 1 | 2;
  readonly readsAhead?: boolean;
  readonly unrolls?: boolean;
  readonly parts?: number;
}

export function tileTiling(tile: Tile): TileTiling {
  const { threads, block, slices = 1, stagedSteps = 4 * slices, readsAhead = false, unrolls = false, parts = 1 } = tile;
  const [rowThreads, columnThreads] = threads;
  const [threadRows, threadColumns] = block;
  const [rows, columns] = [rowThreads * threadRows, columnThreads * threadColumns];
  const usual = threadColumns === 4 || (rowThreads === 16 && columnThreads === 16);
  const words = [
    `tile-${rows}x${columns}`,
    usual ? "" : `blocks-${block.join("x")}`,
    slices === 1 ? "" : `slices-${slices}`,
    stagedSteps === 4 * slices ? "" : `deep-${stagedSteps}`,
    readsAhead ? "ahead" : "",
    unrolls ? "unrolled" : "",
  ];
  const name = words.filter((word) => word !== "").join("-") + cutInto(parts);
  // Half of the sums lie where a side was staged.
  if (slices === 2 && (rows * columns) / 8 > Math.min(rows, columns) * stagedSteps) throw new TypeError(`${name} has too few slices`);
  return {
    kind: "tile",
    name,
    rowThreads,
    columnThreads,
    threadRows,
    threadColumns,
    stagedSteps,
    slices,
    readsAhead,
    unrolls,
    parts,
  };
}

/** Lanes over rows or columns, with so many of them each, and so many of the other side shared. */
export const lanes = (
  lanesOver: LaneTiling["lanesOver"],
  perLane: number,
  shared: number,
  workgroupSize: number,
  broadcasts: boolean,
): LaneTiling => ({
  kind: "lanes",
  name: `lanes-${lanesOver}-${perLane}x${shared}-${broadcasts ? "subgroup" : "workgroup"}-${workgroupSize}`,
  lanesOver,
  perLane,
  shared,
  workgroupSize,
  broadcasts,
});

/** What of a `MatrixTiling` does not depend on the device. */
export interface MatrixTile {
  /** Rows and columns of a workgroup, and how much of the inner axis it stages. */
  readonly workgroup: readonly [rows: number, columns: number, inner: number];
  readonly subgroup: readonly [rows: number, columns: number];
  /** Default: all columns of a subgroup. */
  readonly sumColumns?: number;
  readonly parts?: number;
}

/** Whether subgroups and matrices fill a tile, and each invocation stages as many vectors of eight as the others. */
export function comesOutEven(
  { workgroup, subgroup, sumColumns = subgroup[1] }: MatrixTile,
  { lanes: subgroupSize }: MatrixUnits,
  shape: MatrixShape,
): boolean {
  const [rows, columns, inner] = workgroup;
  const [subgroupRows, subgroupColumns] = subgroup;
  const invocations = ((rows * columns) / (subgroupRows * subgroupColumns)) * subgroupSize;
  const whole = (size: number, of: number): boolean => size % of === 0;
  return (
    whole(rows, subgroupRows) &&
    whole(columns, subgroupColumns) &&
    whole(subgroupRows, shape.rows) &&
    whole(subgroupColumns, sumColumns) &&
    whole(sumColumns, shape.columns) &&
    whole(inner, shape.inner) &&
    whole(rows * inner, 8 * invocations) &&
    whole(columns * inner, 8 * invocations)
  );
}

/** A tile by matrices of one of the device's shapes. */
export function matrixTiling(tile: MatrixTile, units: MadeMatrixUnits, shape: MatrixShape): MatrixTiling {
  const { workgroup, subgroup, sumColumns = subgroup[1], parts = 1 } = tile;
  const [rows, columns, inner] = workgroup;
  const [subgroupRows, subgroupColumns] = subgroup;
  const sums = sumColumns === subgroupColumns ? "" : `-sums-${sumColumns}`;
  const matrices = `${shape.rows}x${shape.columns}x${shape.inner}`;
  const name = `matrix-${workgroup.join("x")}-${subgroup.join("x")}${sums}-of-${matrices}${cutInto(parts)}`;
  if (!comesOutEven(tile, units, shape)) throw new TypeError(`${name} does not come out even`);
  return {
    kind: "matrix",
    name,
    shape,
    lanes: units.lanes,
    make: units.make,
    rows,
    columns,
    inner,
    subgroupRows,
    subgroupColumns,
    sumColumns,
    parts,
  };
}

/** Whether a device has the invocations and the workgroup memory for a tiling. */
export function fits(tiling: TileTiling | SplitTiling | MatrixTiling, limits: DeviceLimits): boolean {
  const [invocations, bytes] =
    tiling.kind === "split"
      ? [tiling.workgroupSize, tiling.workgroupSize * tiling.rows * 16]
      : tiling.kind === "matrix"
        ? [matrixInvocations(tiling), matrixBytes(tiling)]
        : [
            tiling.rowThreads * tiling.columnThreads * tiling.slices,
            (workgroupExtent(tiling).rows + workgroupExtent(tiling).columns) * tiling.stagedSteps * 16,
          ];
  return (
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    bytes <= limits.maxComputeWorkgroupStorageSize
  );
}

function subgroupsOf({ rows, columns, subgroupRows, subgroupColumns }: MatrixTiling): number {
  return (rows / subgroupRows) * (columns / subgroupColumns);
}

function matrixInvocations(tiling: MatrixTiling): number {
  return subgroupsOf(tiling) * tiling.lanes;
}

function matrixBytes(tiling: MatrixTiling): number {
  const { staged, sums } = matrixStrides(tiling);
  return (tiling.rows + tiling.columns) * staged * 2 + subgroupsOf(tiling) * tiling.shape.rows * sums * 4;
}
