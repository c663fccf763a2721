import type { Kernel } from "../../kernel/kernel.ts";
import { lieByEights, vectorType, type RowForm } from "./vectors.ts";

/**
 * What an attention kernel attends from, to and for, in WGSL. The kernels (`attention-registers.ts` and `attention-buffered.ts` for software
 * adapters; `attention-staged.ts`, `attention-quads.ts`, `tile-attention.ts` and `matrix-attention.ts` for GPUs) know how keys and rows are spread
 * over invocations; a task knows which they are (`window-task.ts`, `global-task.ts`).
 *
 * `declarations` hold the uniforms `sizes` (`vectors` and `scale` among the fields), the storage buffers, and these functions:
 *
 * - `work_of(group: vec3<u32>, rows: u32) -> Work`: what a workgroup of so many rows does. `firstRow`, and `keyCount`: the number of
 *   keys it goes through, the same for the whole workgroup.
 * - `key_at(work: Work, place: u32) -> Key`: the key at a place, also beyond the last. A row sees it where `row - low < span` in
 *   arithmetic modulo 2³²; `start` is the element of the key and value buffers where its vector begins.
 * - `wanted(work: Work, row: u32) -> bool`: whether a row attends to anything.
 * - `query_start(work: Work, row: u32) -> u32`: the element where its query begins, if it is wanted.
 * - `written(work: Work, row: u32) -> bool`: whether something is to be written for it.
 * - `output_start(work: Work, row: u32) -> u32`: the element where its output begins, if it is written.
 * - `output_factor(work: Work, row: u32, sum: f32) -> f32`: what its sums of p · v are multiplied with.
 * - `record(work: Work, row: u32, top: f32, sum: f32)`: keeps what else is kept of a row that is written.
 * - `read_query`, `read_key`, `read_value`, `read_output` (start, vector) and `write_output` (start, vector, value).
 * - For matrix units, in place of the first three, `listed(work: Work) -> u32`: keys at places before it are looked up, and those at the others lie in a
 *   row, each beginning at `run_start(work: Work, place: u32) -> u32`; the kernel reads them as `rows` says.
 */
export interface AttentionTask {
  readonly name: string;
  readonly declarations: string;
  readonly access: Kernel["access"];
  /** Whether queries are float32, so that they are rounded where halves are read. */
  readonly narrowsQueries: boolean;
  /** Query, key and value: how each lies in the buffer of that name, where, in it, the one begins that begins at `start` (WGSL). */
  readonly rows: readonly { readonly name: "query" | "key" | "value"; readonly form: RowForm; readonly start: string }[];
  /** The length of queries, keys and values. */
  readonly length: number;
}

/** WGSL: what all tasks share. */
export const keyStruct = "struct Key { start: u32, low: u32, span: u32 }";

/** The type of the elements of a buffer of such rows: read by fours, or, for matrix units, by eights where they lie so. */
export function rowsType(form: RowForm, length: number, halves: boolean): string {
  return halves && lieByEights(form, length) ? "vec4<u32>" : vectorType(form);
}

/** How a kernel for software adapters is spread over lanes. */
export interface LaneTiling {
  /** Invocations of a workgroup. */
  readonly lanes: number;
  /** Rows that an invocation holds. */
  readonly rows: number;
  /** Keys that are taken in one step. */
  readonly keys: number;
  /** Whether lanes exchange the keys they read. Then `lanes` is the size of every subgroup of the device,
   * and `keys` a multiple of it. */
  readonly exchange: boolean;
}
