import type { DeviceFacts } from "../../device/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { registersKernel } from "./attention-registers.ts";
import { stagedKernel } from "./attention-staged.ts";
import type { AttentionTask, AttentionTiling } from "./attention-task.ts";
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

/**
 * The kernel of a task whose rows are vectors of a head. On lavapipe 8 lanes with 8 rows each and steps of 4 keys were the fastest of
 * those measured; SwiftShader needs minutes to compile them, and is fast with 4 lanes of 4 rows.
 */
export function attentionOfHeads(task: AttentionTask, facts: DeviceFacts): TiledAttention {
  if (facts.kind === "gpu") {
    const tiling: AttentionTiling = { workgroup: 64, rows: 1, keys: 8 };
    return { kernel: stagedKernel(task, tiling), rows: tiling.workgroup };
  }
  const tiling = isSwiftShader(facts) ? { workgroup: 4, rows: 4, keys: 4 } : { workgroup: 8, rows: 8, keys: 4 };
  return { kernel: registersKernel(task, tiling), rows: tiling.workgroup * tiling.rows };
}

/** The kernel of a task whose rows are as long as a token. */
export function attentionOfTokens(task: AttentionTask, facts: DeviceFacts): TiledAttention {
  if (facts.kind === "gpu") return { kernel: wideKernel(task), rows: wideRows };
  const tiling: AttentionTiling = { workgroup: isSwiftShader(facts) ? 4 : 8, rows: 1, keys: 4 };
  return { kernel: registersKernel(task, tiling), rows: tiling.workgroup };
}

function isSwiftShader({ name }: DeviceFacts): boolean {
  return /swiftshader/i.test(name);
}
