import type { FloatStorage } from "../parts/float-storage.ts";
import type { DeviceFacts, DeviceLimits, MatrixShape, MatrixUnits } from "../../kernel/device-facts.ts";

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
  /** Invocations along the rows and the columns of the output. */
  readonly rowThreads: number;
  readonly columnThreads: number;
  /** Rows and columns of each invocation; columns in fours. */
  readonly threadRows: number;
  readonly threadColumns: number;
  /** Steps of four of the inner axis that are staged at a time; a multiple of 4. */
  readonly stagedSteps: number;
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
  readonly form: "device" | "plain";
  /** Rows and columns of a workgroup, and how much of the inner axis it stages at a time. */
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Of a subgroup. */
  readonly subgroupRows: number;
  readonly subgroupColumns: number;
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
export function matrixStrides({ inner, subgroupColumns }: MatrixTiling): { readonly staged: number; readonly sums: number } {
  return { staged: inner + 8, sums: subgroupColumns + 4 };
}

const cutInto = (parts: number): string => (parts === 1 ? "" : `-by-${parts}`);

/** What of a `TileTiling` may differ. */
export interface Tile {
  /** Invocations along rows and columns, and rows and columns of each. */
  readonly threads: readonly [rows: number, columns: number];
  readonly block: readonly [rows: number, columns: number];
  readonly stagedSteps?: number;
  readonly readsAhead?: boolean;
  readonly unrolls?: boolean;
  readonly parts?: number;
}

export function tileTiling({ threads, block, stagedSteps = 4, readsAhead = false, unrolls = false, parts = 1 }: Tile): TileTiling {
  const [rowThreads, columnThreads] = threads;
  const [threadRows, threadColumns] = block;
  const usual = Math.max(threadRows, threadColumns) * 4 === threadRows * threadColumns || rowThreads * threadRows === 128;
  const words = [
    `tile-${rowThreads * threadRows}x${columnThreads * threadColumns}`,
    usual ? "" : `blocks-${block.join("x")}`,
    stagedSteps === 4 ? "" : `deep-${stagedSteps}`,
    readsAhead ? "ahead" : "",
    unrolls ? "unrolled" : "",
  ];
  return {
    kind: "tile",
    name: words.filter((word) => word !== "").join("-") + cutInto(parts),
    rowThreads,
    columnThreads,
    threadRows,
    threadColumns,
    stagedSteps,
    readsAhead,
    unrolls,
    parts,
  };
}

const lanes = (
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

/**
 * From the most arithmetic per value read to the most workgroups, each with the workgroups that should at least come of it. Compared on an H200
 * (`npm run bench:linear-variants`): with enough rows the first is the fastest for all layers of Longformer base.
 */
const tiles: readonly (readonly [TileTiling, number])[] = [
  [tileTiling({ threads: [8, 16], block: [8, 4] }), 128],
  [tileTiling({ threads: [8, 16], block: [8, 4], parts: 4 }), 256],
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
  tileTiling({ threads: [8, 8], block: [4, 4] }),
];

/** What of a `MatrixTiling` does not depend on the device. */
export interface MatrixTile {
  /** Rows and columns of a workgroup, and how much of the inner axis it stages. */
  readonly workgroup: readonly [rows: number, columns: number, inner: number];
  readonly subgroup: readonly [rows: number, columns: number];
  readonly parts?: number;
}

/** Whether subgroups and matrices fill a tile, and each invocation stages as many vectors of eight as the others. */
function comesOutEven({ workgroup, subgroup }: MatrixTile, { lanes: subgroupSize }: MatrixUnits, shape: MatrixShape): boolean {
  const [rows, columns, inner] = workgroup;
  const [subgroupRows, subgroupColumns] = subgroup;
  const invocations = ((rows * columns) / (subgroupRows * subgroupColumns)) * subgroupSize;
  const whole = (size: number, of: number): boolean => size % of === 0;
  return (
    whole(rows, subgroupRows) &&
    whole(columns, subgroupColumns) &&
    whole(subgroupRows, shape.rows) &&
    whole(subgroupColumns, shape.columns) &&
    whole(inner, shape.inner) &&
    whole(rows * inner, 8 * invocations) &&
    whole(columns * inner, 8 * invocations)
  );
}

/** A tile by matrices of one of the device's shapes. */
export function matrixTiling({ workgroup, subgroup, parts = 1 }: MatrixTile, units: MatrixUnits, shape: MatrixShape): MatrixTiling {
  const [rows, columns, inner] = workgroup;
  const [subgroupRows, subgroupColumns] = subgroup;
  const matrices = `${shape.rows}x${shape.columns}x${shape.inner}`;
  if (!comesOutEven({ workgroup, subgroup }, units, shape))
    throw new TypeError(
      `a tile of ${workgroup.join(" x ")} by ${subgroup.join(" x ")} does not come out even with matrices of ${matrices}`,
    );
  return {
    kind: "matrix",
    name: `matrix-${workgroup.join("x")}-${subgroup.join("x")}-of-${matrices}${cutInto(parts)}`,
    shape,
    lanes: units.lanes,
    form: units.form,
    rows,
    columns,
    inner,
    subgroupRows,
    subgroupColumns,
    parts,
  };
}

/**
 * From the most arithmetic per value read to the most workgroups, each with the workgroups that should at least come of it: two for each of the
 * 132 cores of an H200, on which they were compared (`npm run bench:linear-variants`).
 */
const matrixTiles: readonly (readonly [MatrixTile, number])[] = [
  [{ workgroup: [128, 128, 32], subgroup: [64, 32] }, 264],
  [{ workgroup: [128, 64, 32], subgroup: [64, 32] }, 264],
  [{ workgroup: [64, 64, 64], subgroup: [32, 32] }, 132],
  [{ workgroup: [32, 64, 64], subgroup: [32, 16] }, 132],
  [{ workgroup: [32, 32, 64], subgroup: [16, 16] }, 0],
];

/** The tiles that a device's matrix units can run, by the largest of their shapes. */
function matrixTilings({ matrixUnits, limits }: DeviceFacts): readonly (readonly [MatrixTiling, number])[] {
  if (matrixUnits === undefined) return [];
  const volume = ({ rows, columns, inner }: MatrixShape): number => rows * columns * inner;
  const [shape] = matrixUnits.shapes.toSorted((left, right) => volume(right) - volume(left));
  if (shape === undefined) return [];
  return matrixTiles
    .filter(([tile]) => comesOutEven(tile, matrixUnits, shape))
    .map(([tile, least]) => [matrixTiling(tile, matrixUnits, shape), least] as const)
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
  const { rows, columns, stack, rightLayout } = shape;
  if (facts.kind === "cpu") return laneTiling(facts, rows <= 4 && columns > rows ? "columns" : "rows");
  if (rows <= few && rightLayout === "rows") return laneTiling(facts, "columns");
  if ((rows <= few || columns <= few) && fits(split, facts.limits)) return split;
  const isLinear = rightLayout === "columns" && stack === 1;
  const matrix = rightStorage === "float16" && suitsMatrixUnits(shape) ? matrixTilings(facts) : [];
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

function fits(tiling: TileTiling | SplitTiling | MatrixTiling, limits: DeviceLimits): boolean {
  const [invocations, bytes] =
    tiling.kind === "split"
      ? [tiling.workgroupSize, tiling.workgroupSize * tiling.rows * 16]
      : tiling.kind === "matrix"
        ? [matrixInvocations(tiling), matrixBytes(tiling)]
        : [
            tiling.rowThreads * tiling.columnThreads,
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
