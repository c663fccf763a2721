import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { bufferedKernel } from "./attention-buffered.ts";
import { registersKernel } from "./attention-registers.ts";
import { stagedKernel, stagedRows } from "./attention-staged.ts";
import type { AttentionTask, LaneTiling } from "./attention-task.ts";
import { wideKernel, wideRows } from "./attention-wide.ts";

/** An attention kernel, and how many rows a workgroup of it takes. */
export interface TiledAttention {
  readonly kernel: Kernel;
  readonly rows: number;
}

/** The kernel of a task whose rows are vectors of a head. */
export function attentionOfHeads(task: AttentionTask, facts: DeviceFacts): TiledAttention {
  if (facts.kind === "gpu") return { kernel: stagedKernel(task), rows: stagedRows };
  const tiling = laneTiling(facts, task.length);
  return { kernel: registersKernel(task, tiling), rows: tiling.lanes * tiling.rows };
}

/** The kernel of a task whose rows are as long as a token. */
export function attentionOfTokens(task: AttentionTask, facts: DeviceFacts): TiledAttention {
  if (facts.kind === "gpu") return { kernel: wideKernel(task), rows: wideRows };
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
