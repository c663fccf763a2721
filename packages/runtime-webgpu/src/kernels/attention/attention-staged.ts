// Attention of a task's rows, for GPUs:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers; a head's vectors lie in the last axis. An invocation holds the query and the sums of one row in
// registers. A workgroup copies a tile of keys and values to its memory together, and each row goes through it in steps of `keys` keys,
// all invocations reading the same key at the same time. At most 16 KiB of workgroup memory; nothing of subgroups is assumed.
// Grid: [⌈rows of the task / 64⌉ (and splits of the keys), heads, batch].
// Source: FlashAttention (Dao et al., arXiv 2205.14135).
import type { Kernel } from "../../kernel/kernel.ts";
import { upTo } from "../parts/lines.ts";
import type { AttentionTask } from "./attention-task.ts";
import { softmaxConstants, softmaxState, softmaxStep } from "./softmax-step.ts";

/** Workgroup memory for keys and values: half of what every device has, so that two workgroups can share a core. */
const stagedBytes = 8192;

/** Rows, and invocations, of a workgroup. */
export const stagedRows = 64;

/** Keys of a step. */
const keys = 8;

export function stagedKernel(task: AttentionTask): Kernel {
  const vectors = Math.ceil(task.length / 4);
  const tile = keys * Math.max(1, Math.min(Math.floor(stagedBytes / (2 * 16 * vectors * keys)), Math.floor(64 / keys)));
  const step = softmaxStep({
    rows: 1,
    keys,
    vectors: "vectors",
    query: (_, vector) => `queries[${vector}]`,
    key: (key, vector) => `tileKeys[(first + ${key}u) * vectors + ${vector}]`,
    value: (key, vector) => `tileValues[(first + ${key}u) * vectors + ${vector}]`,
    output: (_, vector) => `outputs[${vector}]`,
    setOutput: (_, vector, value) => `outputs[${vector}] = ${value};`,
    sees: (_, key) => `row - low[first + ${key}u] < span[first + ${key}u]`,
  });
  const spans = upTo(keys)
    .map((one) => `span[first + ${one}u]`)
    .join(" | ");
  return {
    name: `${task.name}-staged`,
    access: task.access,
    code: `${task.declarations}
${softmaxConstants}
const vectors = ${vectors}u;
const tile = ${tile}u;
var<workgroup> tileKeys: array<vec4<f32>, ${tile * vectors}>;
var<workgroup> tileValues: array<vec4<f32>, ${tile * vectors}>;
var<workgroup> low: array<u32, ${tile}>;
var<workgroup> span: array<u32, ${tile}>;

@compute @workgroup_size(${stagedRows})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let work = work_of(group, ${stagedRows}u);
  let row = work.firstRow + lane.x;
  ${softmaxState(1)}
  var queries: array<vec4<f32>, ${vectors}>;
  var outputs: array<vec4<f32>, ${vectors}>;
  let attends = wanted(work, row);
  if (attends) {
    let start = query_start(work, row);
    for (var vector = 0u; vector < vectors; vector++) { queries[vector] = read_query(start, vector) * sizes.scale; }
  }
  for (var place = 0u; place < work.keyCount; place += tile) {
    workgroupBarrier();
    for (var item = lane.x; item < tile * vectors; item += ${stagedRows}u) {
      let key = key_at(work, place + item / vectors);
      tileKeys[item] = read_key(key.start, item % vectors);
      tileValues[item] = read_value(key.start, item % vectors);
    }
    for (var item = lane.x; item < tile; item += ${stagedRows}u) {
      let key = key_at(work, place + item);
      low[item] = key.low;
      span[item] = key.span;
    }
    workgroupBarrier();
    if (attends) {
      for (var first = 0u; first < tile; first += ${keys}u) {
        if ((${spans}) == 0u) { continue; }
        ${step}
      }
    }
  }
  if (written(work, row)) {
    record(work, row, top0, sum0);
    let start = output_start(work, row);
    let factor = output_factor(work, row, sum0);
    for (var vector = 0u; vector < vectors; vector++) { write_output(start, vector, outputs[vector] * factor); }
  }
}`,
  };
}
