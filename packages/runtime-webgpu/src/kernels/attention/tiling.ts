import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { fitsQuads, quadTiling, quadsKernel, type QuadTiling } from "./attention-quads.ts";
import { stagedKernel, stagedRows } from "./attention-staged.ts";
import type { AttentionTask, LaneTiling } from "./attention-task.ts";
import {
  fitsMatrixAttention,
  matrixAttentionTiling,
  rowsOfMatrixTiling,
  type MatrixAttentionTiling,
  type MatrixCut,
} from "./matrix-attention-tiling.ts";
import { fitsTileAttention, tileAttentionKernel, tileAttentionTiling, type TileAttentionTiling } from "./tile-attention.ts";

/**
 * How the kernel of a task whose rows are vectors of a head is cut. `staged` needs least of a GPU; `lanes` are for software adapters;
 * `matrix` needs matrix units, and computes with operands of float16.
 */
export type HeadTiling =
  | MatrixAttentionTiling
  | QuadTiling
  | TileAttentionTiling
  | (LaneTiling & { readonly kind: "lanes"; readonly name: "lanes" })
  | { readonly kind: "staged"; readonly name: "staged" };

/** What there is to do: vectors of `length` elements, rows, `stack` times as many; whether keys and values are float16. */
export interface AttentionExtent {
  readonly length: number;
  readonly rows: number;
  readonly stack: number;
  readonly halves: boolean;
}

/** In the order of preference, each with the workgroups that should at least come of it: as measured on an NVIDIA H200 at 512 and 4,096 tokens. */
const headTilings: readonly (readonly [HeadTiling, number])[] = [
  [quadTiling(64, 16, 8), 512],
  [tileAttentionTiling(32, 8, 2), 24],
  [quadTiling(128, 32, 4), 24],
  [quadTiling(32, 16, 4), 24],
  [{ kind: "staged", name: "staged" }, 0],
];

/**
 * In the order of preference, each with the workgroups that should at least come of it, and with the bytes that a workgroup should at least be allowed
 * (nothing is measured on devices that allow few): as measured on an NVIDIA H200, where the window of a layer of base takes 0.088 ms at 4,096 tokens (0.116
 * with memory for keys and values both), and 0.023 at 512 (0.026 with two subgroups that share rows, and memory for both). Its cores seem to have 48 KB for
 * all their workgroups together: twice the memory for a workgroup took twice the time.
 */
const matrixCuts: readonly (readonly [MatrixCut, workgroups: number, bytes: number])[] = [
  [[4, 1, 32, 1, true], 256, 32768],
  // Where keys and values do not come out even among invocations.
  [[4, 1, 32], 256, 0],
  // Short texts: three subgroups, or two, share rows, and each takes a part of the keys.
  [[12, 1, 32, 3, true], 0, 0],
  [[8, 1, 32, 2], 0, 0],
  [[2, 1, 32], 0, 0],
];

/** All that a device can run for such vectors, the wanted ones first, each with the workgroups that should at least come of it. */
function tilingsOf(
  facts: DeviceFacts,
  { length, halves }: Pick<AttentionExtent, "length" | "halves">,
): readonly (readonly [HeadTiling, number])[] {
  if (facts.kind === "cpu") return [[{ kind: "lanes", name: "lanes", ...laneTiling(facts, length) }, 0]];
  const cuts = matrixCuts.filter(([, , bytes]) => bytes <= facts.limits.maxComputeWorkgroupStorageSize);
  const matrix = (halves ? (facts.matrixUnits?.shapes ?? []) : []).flatMap((shape) =>
    cuts.map(([cut, least]) => [matrixAttentionTiling(shape, ...cut), least] as const),
  );
  return [...matrix, ...headTilings].filter(([tiling]) => fitsHeadTiling(tiling, length, facts));
}

/** All that a device can run for such vectors, for tests and benchmarks. */
export function headTilingsOf(facts: DeviceFacts, extent: Pick<AttentionExtent, "length" | "halves">): readonly HeadTiling[] {
  return tilingsOf(facts, extent).map(([tiling]) => tiling);
}

/** The tiling for a task. `wanted` is taken where the device can run it. */
export function headTilingFor(facts: DeviceFacts, extent: AttentionExtent, wanted: HeadTiling | undefined): HeadTiling {
  const suits = wanted?.kind !== "matrix" || extent.halves;
  if (wanted !== undefined && suits && fitsHeadTiling(wanted, extent.length, facts)) return wanted;
  const all = tilingsOf(facts, extent);
  const [tiling] = all.find(([one, least]) => Math.ceil(extent.rows / rowsOfTiling(one)) * extent.stack >= least) ?? all.at(-1) ?? [];
  return tiling ?? { kind: "staged", name: "staged" };
}

/** The kernel, of a task that reads halves where the tiling is for matrix units. */
export function headKernel(task: AttentionTask, tiling: HeadTiling, { matrixUnits }: DeviceFacts): Kernel {
  const { name, access } = task;
  if (tiling.kind === "lanes")
    return {
      name: `${name}-registers`,
      access,
      code: async () => (await import("../for-software-adapters.ts")).registersKernelCode(task, tiling),
    };
  if (tiling.kind === "quads") return quadsKernel(task, tiling);
  if (tiling.kind === "tile") return tileAttentionKernel(task, tiling);
  if (tiling.kind === "matrix" && matrixUnits !== undefined)
    return {
      name: `${name}-${tiling.name}`,
      access,
      narrows: task.narrowsQueries,
      code: async () => (await import("../for-matrix-units.ts")).matrixAttentionKernelCode(task, tiling, matrixUnits),
    };
  return stagedKernel(task);
}

/** Rows of a workgroup. */
export function rowsOfTiling(tiling: HeadTiling): number {
  if (tiling.kind === "lanes") return tiling.lanes * tiling.rows;
  if (tiling.kind === "quads") return tiling.rows;
  if (tiling.kind === "tile") return tiling.rowThreads * tiling.threadRows;
  return tiling.kind === "matrix" ? rowsOfMatrixTiling(tiling) : stagedRows;
}

/** Whether a device can run a tiling for heads of so many elements. */
export function fitsHeadTiling(tiling: HeadTiling, length: number, facts: DeviceFacts): boolean {
  const { kind, limits, subgroups } = facts;
  if (tiling.kind === "lanes") return kind === "cpu";
  if (kind === "cpu") return false;
  if (tiling.kind === "matrix") return fitsMatrixAttention(tiling, length, facts);
  if (tiling.kind === "tile") return fitsTileAttention(tiling, length, limits);
  return tiling.kind === "staged" || (subgroups !== undefined && fitsQuads(tiling, length, limits.maxComputeWorkgroupStorageSize));
}

/** The kernel of a task whose rows are as long as a token, on a software adapter. */
export function attentionOfTokens(task: AttentionTask, facts: DeviceFacts): { readonly kernel: Kernel; readonly rows: number } {
  const tiling = laneTiling(facts, task.length);
  const kernel: Kernel = {
    name: `${task.name}-buffered`,
    access: task.access,
    code: async () => (await import("../for-software-adapters.ts")).bufferedKernelCode(task, tiling),
  };
  return { kernel, rows: tiling.lanes };
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
