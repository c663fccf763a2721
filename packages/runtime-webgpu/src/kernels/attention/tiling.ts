import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { bufferedKernel } from "./attention-buffered.ts";
import { fitsQuads, quadTiling, quadsKernel, type QuadTiling } from "./attention-quads.ts";
import { registersKernel } from "./attention-registers.ts";
import { stagedKernel, stagedRows } from "./attention-staged.ts";
import type { AttentionTask, LaneTiling } from "./attention-task.ts";
import { fitsTileAttention, tileAttentionKernel, tileAttentionTiling, type TileAttentionTiling } from "./tile-attention.ts";

/** An attention kernel, and how many rows a workgroup of it takes. */
export interface TiledAttention {
  readonly kernel: Kernel;
  readonly rows: number;
}

/** How the kernel of a task whose rows are vectors of a head is cut, on a GPU. `staged` needs least of a device. */
export type HeadTiling = QuadTiling | TileAttentionTiling | { readonly kind: "staged"; readonly name: "staged" };

/** From the most arithmetic per value read to the most workgroups, each with the workgroups that should at least come of it. */
const headTilings: readonly (readonly [HeadTiling, number])[] = [
  [quadTiling(64, 16, 4), 512],
  [quadTiling(64, 16, 8), 512],
  [quadTiling(128, 32, 4), 512],
  [quadTiling(32, 16, 4), 0],
  [tileAttentionTiling(8, 8, 8), 512],
  [tileAttentionTiling(16, 8, 4), 256],
  [tileAttentionTiling(8, 16, 4), 256],
  [tileAttentionTiling(8, 8, 4), 256],
  [tileAttentionTiling(8, 16, 2), 128],
  [tileAttentionTiling(8, 8, 2), 0],
  [{ kind: "staged", name: "staged" }, 0],
];

/** All that a GPU can run for heads of so many elements, for tests and benchmarks. */
export function headTilingsOf(facts: DeviceFacts, length: number): readonly HeadTiling[] {
  return headTilings.map(([tiling]) => tiling).filter((tiling) => fits(tiling, length, facts));
}

function fits(tiling: HeadTiling, length: number, { limits, subgroups }: DeviceFacts): boolean {
  if (tiling.kind === "staged") return true;
  if (tiling.kind === "tile") return fitsTileAttention(tiling, length, limits);
  return subgroups !== undefined && fitsQuads(tiling, length, limits.maxComputeWorkgroupStorageSize);
}

/** What a task has to do: rows that one workgroup could take, and how many such runs of rows there are. */
export interface AttentionExtent {
  readonly rows: number;
  readonly stack: number;
}

/** The kernel of a task whose rows are vectors of a head. `wanted` is taken where the device can run it. */
export function attentionOfHeads(
  task: AttentionTask,
  facts: DeviceFacts,
  { rows, stack }: AttentionExtent,
  wanted: HeadTiling | undefined,
): TiledAttention {
  if (facts.kind === "cpu") {
    const tiling = laneTiling(facts, task.length);
    return { kernel: registersKernel(task, tiling), rows: tiling.lanes * tiling.rows };
  }
  const [chosen] =
    headTilings.find(([tiling, least]) => fits(tiling, task.length, facts) && Math.ceil(rows / rowsOf(tiling)) * stack >= least) ?? [];
  const tiling = wanted !== undefined && fits(wanted, task.length, facts) ? wanted : chosen;
  if (tiling === undefined || tiling.kind === "staged") return { kernel: stagedKernel(task), rows: stagedRows };
  if (tiling.kind === "quads") return { kernel: quadsKernel(task, tiling), rows: tiling.rows };
  return { kernel: tileAttentionKernel(task, tiling), rows: rowsOf(tiling) };
}

function rowsOf(tiling: HeadTiling): number {
  if (tiling.kind === "staged") return stagedRows;
  return tiling.kind === "quads" ? tiling.rows : tiling.rowThreads * tiling.threadRows;
}

/** The kernel of a task whose rows are as long as a token, on a software adapter. */
export function attentionOfTokens(task: AttentionTask, facts: DeviceFacts): TiledAttention {
  const tiling = laneTiling(facts, task.length);
  return { kernel: bufferedKernel(task, tiling), rows: tiling.lanes };
}

/**
 * The fastest of those measured that compile in a second or a few: with more rows, code grows faster than it speeds up. (SwiftShader needs
 * minutes for 8 rows of 8 lanes.) Heads that are short or do not come in fours have more code a row, and less to gain.
 */
function laneTiling({ compilesSlowly, subgroups }: DeviceFacts, length: number): LaneTiling {
  const size = subgroups?.minimum === subgroups?.maximum ? subgroups?.minimum : undefined;
  const isShort = length < 32 || length % 4 > 0;
  if (size === 4) return { lanes: 4, rows: 4, keys: 8, exchange: true };
  if (size === 8) return { lanes: 8, ...(isShort ? { rows: 2, keys: 8 } : { rows: 4, keys: 16 }), exchange: true };
  if (compilesSlowly) return { lanes: 4, rows: 4, keys: 4, exchange: false };
  return { lanes: 8, rows: isShort ? 2 : 8, keys: 4, exchange: false };
}
