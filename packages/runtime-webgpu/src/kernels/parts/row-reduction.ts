import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { foldWorkgroups, workgroupIndex, workgroupParameters } from "./dispatching.ts";

/**
 * How rows are reduced on a device.
 *
 * - `alone`: an invocation takes a row by itself. For software adapters, on which barriers and workgroup memory cost more than they save.
 * - `subgroups`: a workgroup of 64 takes a row; every subgroup, whatever its size and whichever invocations are in it, reduces what all
 *   invocations left in workgroup memory.
 * - `workgroup`: the same without subgroups, in two steps of eight.
 */
export type RowReduction = "alone" | "subgroups" | "workgroup";

export function rowReduction({ kind, subgroups }: DeviceFacts): RowReduction {
  if (kind === "cpu") return "alone";
  return subgroups === undefined ? "workgroup" : "subgroups";
}

/** Rows of a workgroup in which each invocation has its own; and invocations of a workgroup that shares one row. */
const rowsAtOnce = 8;
const lanesOfRow = 64;

/** The grid for `rowCode`. */
export function rowWorkgroups(reduction: RowReduction, rows: number, { limits }: DeviceFacts): readonly [number, number, number] {
  return foldWorkgroups(reduction === "alone" ? Math.ceil(rows / rowsAtOnce) : rows, limits);
}

/** How many elements of a row of `size` steps an invocation can keep in registers: all that it takes of it, or none. */
export function heldElements(reduction: RowReduction, size: number): number {
  const own = Math.ceil(size / lanesOfRow);
  return reduction === "alone" || own > 4 ? 0 : own;
}

export interface RowShader {
  /** WGSL: bindings and functions. Binding 0 is `uniforms`, with a field `rows`. */
  readonly declarations: string;
  /**
   * WGSL: the statements for one `row`. An invocation takes `for (var i = first; i < …; i += step)` of it; `sumOfRow(vec2<f32>)` and
   * `maximumOfRow(f32)` make of what the row's invocations found one result, which all of them get. All of them call these.
   */
  readonly body: string;
}

/** WGSL of a kernel that goes row by row. */
export function rowCode(reduction: RowReduction, { declarations, body }: RowShader): string {
  const alone = reduction === "alone";
  return `${reduction === "subgroups" ? "enable subgroups;\n" : ""}${declarations}
var<private> laneOfRow: u32;
${reducers[reduction]}
@compute @workgroup_size(${alone ? rowsAtOnce : lanesOfRow})
fn main(${workgroupParameters}) {
  let row = ${workgroupIndex}${alone ? ` * ${rowsAtOnce}u + lane` : ""};
  if (row >= uniforms.rows) { return; }
  laneOfRow = lane;
  let first = ${alone ? "0u" : "lane"};
  let step = ${alone ? "1u" : `${lanesOfRow}u`};
  ${body}
}`;
}

/** WGSL: what each invocation has goes to `partials`, which may still be read from the reduction before: hence the barrier in front. */
const leave = `var<workgroup> partials: array<vec2<f32>, ${lanesOfRow}>;
fn leave(own: vec2<f32>) {
  workgroupBarrier();
  partials[laneOfRow] = own;
  workgroupBarrier();
}`;

const reducers: Readonly<Record<RowReduction, string>> = {
  alone: `
fn sumOfRow(own: vec2<f32>) -> vec2<f32> { return own; }
fn maximumOfRow(own: f32) -> f32 { return own; }`,
  subgroups: `
${leave}
fn sumOfRow(own: vec2<f32>) -> vec2<f32> {
  leave(own);
  let present = subgroupAdd(1u);
  var sum = vec2<f32>();
  for (var at = subgroupExclusiveAdd(1u); at < ${lanesOfRow}u; at += present) { sum += partials[at]; }
  return subgroupAdd(sum);
}
fn maximumOfRow(own: f32) -> f32 {
  leave(vec2<f32>(own));
  let present = subgroupAdd(1u);
  var maximum = own;
  for (var at = subgroupExclusiveAdd(1u); at < ${lanesOfRow}u; at += present) { maximum = max(maximum, partials[at].x); }
  return subgroupMax(maximum);
}`,
  workgroup: `
${leave}
var<workgroup> eighths: array<vec2<f32>, 8>;
fn sumOfRow(own: vec2<f32>) -> vec2<f32> {
  leave(own);
  if (laneOfRow < 8u) {
    var sum = vec2<f32>();
    for (var at = laneOfRow; at < ${lanesOfRow}u; at += 8u) { sum += partials[at]; }
    eighths[laneOfRow] = sum;
  }
  workgroupBarrier();
  var sum = vec2<f32>();
  for (var at = 0u; at < 8u; at++) { sum += eighths[at]; }
  return sum;
}
fn maximumOfRow(own: f32) -> f32 {
  leave(vec2<f32>(own));
  if (laneOfRow < 8u) {
    var maximum = own;
    for (var at = laneOfRow; at < ${lanesOfRow}u; at += 8u) { maximum = max(maximum, partials[at].x); }
    eighths[laneOfRow] = vec2<f32>(maximum);
  }
  workgroupBarrier();
  var maximum = own;
  for (var at = 0u; at < 8u; at++) { maximum = max(maximum, eighths[at].x); }
  return maximum;
}`,
};

/** Elements of a row as the kernel takes them: one by one, or four at a time where rows are so long. */
export interface RowElements {
  readonly type: "f32" | "vec4<f32>";
  readonly perStep: 1 | 4;
  /** For kernels' names. */
  readonly suffix: "" | "-fours";
  /** WGSL of an element's parts as one number. */
  sum(value: string): string;
  maximum(value: string): string;
}

const ones: RowElements = { type: "f32", perStep: 1, suffix: "", sum: (value) => value, maximum: (value) => value };
const fours: RowElements = {
  type: "vec4<f32>",
  perStep: 4,
  suffix: "-fours",
  sum: (value) => `dot(${value}, vec4<f32>(1.0))`,
  maximum: (value) => `max(max(${value}.x, ${value}.y), max(${value}.z, ${value}.w))`,
};

export function rowElements(size: number): RowElements {
  return size % 4 === 0 ? fours : ones;
}
