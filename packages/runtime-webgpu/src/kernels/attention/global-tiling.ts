/** What there is to compute: rows, and how many tiles of columns of them. */
interface AttentionExtent {
  readonly rows: number;
  readonly stack: number;
}

/**
 * How the two products of re-associated global attention are cut on a GPU (`global-scores.ts`, `global-mix.ts`): into tiles of
 * `rowThreads · threadRows` rows and 64 columns, staged in workgroup memory. Plain data; `name` says all of it.
 */
export interface GlobalTiling {
  readonly name: string;
  /** Invocations along the rows, and rows of each; along the columns there are always 16, with 4 columns each. */
  readonly rowThreads: number;
  readonly threadRows: number;
}

/** Invocations along the columns of a tile: keys of the scores, elements of what is mixed. */
export const columnThreads = 16;

/** Columns of a tile: keys of the scores, elements of what is mixed. */
export const tileColumns = 64;

/** Vectors of 4 along the inner axis that are staged at a time. */
export const stagedVectors = 4;

function globalTiling(rowThreads: number, threadRows: number): GlobalTiling {
  return { name: `tile-${rowThreads * threadRows}x${tileColumns}`, rowThreads, threadRows };
}

/** From the most arithmetic per value read to the most workgroups. All of them run on every GPU. */
export const globalTilings: readonly GlobalTiling[] = [globalTiling(8, 8), globalTiling(8, 4), globalTiling(8, 2)];

/** About as many workgroups as keep a GPU busy with a product. */
const busyWorkgroups = 256;

/** The tiling for so many rows, with `stack` tiles of columns. Tiles that would be half empty are not taken. */
export function globalTilingFor({ rows, stack }: AttentionExtent): GlobalTiling {
  const smallest = globalTiling(8, 2);
  const filled = globalTilings.filter((tiling) => 2 * rows > rowsOfTile(tiling));
  return filled.find((tiling) => Math.ceil(rows / rowsOfTile(tiling)) * stack >= busyWorkgroups) ?? filled.at(-1) ?? smallest;
}

export function rowsOfTile({ rowThreads, threadRows }: GlobalTiling): number {
  return rowThreads * threadRows;
}
