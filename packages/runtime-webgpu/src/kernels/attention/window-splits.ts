/** How the keys of a window are split among workgroups: short texts have too few rows for a GPU. */
export interface WindowSplits {
  readonly splits: number;
  /** Keys of a split, in the order of `window-task.ts`: its global tokens, and then the others. */
  readonly splitKeys: number;
}

/** About as many workgroups as keep a GPU busy with a window. */
const busyWorkgroups = 384;
/** A split has at least so many keys: joining splits is work, too, and another dispatch. */
const minKeys = 128;
/** Bounds the memory that splits take. */
export const maxSplits = 4;
/** Keys are staged so many at a time, or a part of it. */
const stagedKeys = 32;

/**
 * Among how many workgroups the keys of a window are to be split that would be so many workgroups otherwise. On an NVIDIA H200 the window of 512 tokens
 * takes 17 steps of 6 microseconds in each of 96 workgroups, which have a core each and leave it waiting most of the time.
 */
export function splitsOfWindow(workgroups: number): number {
  return Math.ceil(busyWorkgroups / workgroups);
}

/** The splits for a window whose rows see up to so many keys: as many as wanted, unless they would be too small. */
export function windowSplits(keys: number, wanted: number): WindowSplits {
  const most = Math.max(1, Math.min(wanted, maxSplits, Math.floor(keys / minKeys)));
  const splitKeys = Math.ceil(keys / most / stagedKeys) * stagedKeys;
  return { splits: Math.ceil(keys / splitKeys), splitKeys };
}
