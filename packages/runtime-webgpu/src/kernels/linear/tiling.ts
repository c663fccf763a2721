import type { DeviceFacts, DeviceLimits } from "../../kernel/device-facts.ts";

/**
 * How a matrix product is cut into workgroups and invocations. Plain data; `name` says all of it, and is what a `LinearTuning` keeps.
 */
export type Tiling = LaneTiling | TileTiling | SplitTiling;

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

/** Steps of four of the inner axis that a `TileTiling` stages at a time. */
export const stagedSteps = 4;

/** Rows and columns of the output that one workgroup computes. */
export function workgroupExtent(tiling: Tiling): { readonly rows: number; readonly columns: number } {
  if (tiling.kind === "split") return { rows: tiling.rows, columns: 4 };
  if (tiling.kind === "tile") return { rows: tiling.rowThreads * tiling.threadRows, columns: tiling.columnThreads * tiling.threadColumns };
  const own = tiling.workgroupSize * tiling.perLane;
  return tiling.lanesOver === "rows" ? { rows: own, columns: tiling.shared } : { rows: tiling.shared, columns: own };
}

const tile = (rowThreads: number, columnThreads: number, threadRows: number, threadColumns: number): TileTiling => ({
  kind: "tile",
  name: `tile-${rowThreads * threadRows}x${columnThreads * threadColumns}`,
  rowThreads,
  columnThreads,
  threadRows,
  threadColumns,
});

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

/** From the most arithmetic per value read to the most workgroups, each with the workgroups that should at least come of it. */
const tiles: readonly (readonly [TileTiling, number])[] = [
  [tile(16, 16, 8, 8), 256],
  [tile(16, 16, 8, 4), 128],
  [tile(8, 16, 8, 4), 64],
  [tile(8, 8, 4, 4), 0],
];

const split: SplitTiling = { kind: "split", name: "split-64", rows: 4, workgroupSize: 64 };

/** At most this many rows, or columns, are few. */
const few = 16;

/** All that a device can run, for tests and for `tuneLinear`. */
export function tilingsOf(facts: DeviceFacts): readonly Tiling[] {
  const fitting = [...tiles.map(([tiling]) => tiling), split].filter((tiling) => fits(tiling, facts.limits));
  return [...fitting, laneTiling(facts, "rows"), laneTiling(facts, "columns")];
}

/** The tiling for a product by heuristics, where no tuning knows better. */
export function heuristicTiling(facts: DeviceFacts, shape: ProductShape): Tiling {
  const { rows, columns, stack, rightLayout } = shape;
  if (facts.kind === "cpu") return laneTiling(facts, rows <= 4 && columns > rows ? "columns" : "rows");
  if (rows <= few && rightLayout === "rows") return laneTiling(facts, "columns");
  if ((rows <= few || columns <= few) && fits(split, facts.limits)) return split;
  const fitting = tiles.filter(([tiling]) => fits(tiling, facts.limits));
  const chosen = fitting.find(([tiling, least]) => {
    const extent = workgroupExtent(tiling);
    return stack * Math.ceil(rows / extent.rows) * Math.ceil(columns / extent.columns) >= least;
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

function fits(tiling: TileTiling | SplitTiling, limits: DeviceLimits): boolean {
  const [invocations, bytes] =
    tiling.kind === "split"
      ? [tiling.workgroupSize, tiling.workgroupSize * tiling.rows * 16]
      : [tiling.rowThreads * tiling.columnThreads, (workgroupExtent(tiling).rows + workgroupExtent(tiling).columns) * stagedSteps * 16];
  return (
    invocations <= Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX) &&
    bytes <= limits.maxComputeWorkgroupStorageSize
  );
}
