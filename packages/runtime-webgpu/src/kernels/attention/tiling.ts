import type { DeviceFacts } from "../../device/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { registersKernel } from "./attention-registers.ts";
import { stagedKernel, stagedRows } from "./attention-staged.ts";
import type { AttentionTask, RegistersTiling } from "./attention-task.ts";
import { wideKernel, wideRows } from "./attention-wide.ts";

/** An attention kernel, and how many rows a workgroup of it takes. */
export interface TiledAttention {
  readonly kernel: Kernel;
  readonly rows: number;
}

/** WGSL, "Limits": bytes of all private variables of a shader. Queries and sums take 16 bytes a vector each. */
const privateBytes = 8192;

/** The longest vectors that `global-task.ts` can have on a device: on software adapters an invocation holds a query and its sums. */
export function longestVector({ kind }: DeviceFacts): number {
  return kind === "cpu" ? privateBytes / 8 : Number.POSITIVE_INFINITY;
}

/** The kernel of a task whose rows are vectors of a head. */
export function attentionOfHeads(task: AttentionTask, facts: DeviceFacts): TiledAttention {
  if (facts.kind === "gpu") return { kernel: stagedKernel(task), rows: stagedRows };
  return inRegisters(task, registersTiling(facts, task.length));
}

/** The kernel of a task whose rows are as long as a token. */
export function attentionOfTokens(task: AttentionTask, facts: DeviceFacts): TiledAttention {
  if (facts.kind === "gpu") return { kernel: wideKernel(task), rows: wideRows };
  return inRegisters(task, { ...registersTiling(facts, task.length), rows: 1 });
}

function inRegisters(task: AttentionTask, tiling: RegistersTiling): TiledAttention {
  return { kernel: registersKernel(task, tiling), rows: tiling.lanes * tiling.rows };
}

/**
 * The fastest of those measured that compile in a second or a few: with more rows, code grows faster than it speeds up. (SwiftShader needs
 * minutes for 8 rows of 8 lanes.) Heads that are short or do not come in fours have more code a row, and less to gain.
 */
function registersTiling({ name, subgroups }: DeviceFacts, length: number): RegistersTiling {
  const size = subgroups?.minimum === subgroups?.maximum ? subgroups?.minimum : undefined;
  if (size === 4) return { lanes: 4, rows: 4, keys: 4, exchange: true };
  if (size === 8) return { lanes: 8, rows: 2, keys: 8, exchange: true };
  if (/swiftshader/i.test(name)) return { lanes: 4, rows: 4, keys: 4, exchange: false };
  return { lanes: 8, rows: length < 32 || length % 4 > 0 ? 2 : 8, keys: 4, exchange: false };
}
