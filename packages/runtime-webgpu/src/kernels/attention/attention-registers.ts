// Attention of a task's rows, for software adapters, whose barriers cost more than workgroup memory saves:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers; a head's vectors lie in the last axis. An invocation holds the queries and sums of `rows` rows in
// private arrays and takes `keys` keys in a step: see `lane-keys.ts`.
// Grid: [⌈rows of the task / (lanes · rows)⌉ (and splits of the keys), heads, batch].
// Loop bounds come from uniforms: Mesa unrolls loops over constants, and takes a minute for it.
// Source: FlashAttention (Dao et al., arXiv 2205.14135); its arrangement for lanes of a CPU is our own.
import { lines, upTo } from "../parts/lines.ts";
import type { AttentionTask, LaneTiling } from "./attention-task.ts";
import { laneKeys } from "./lane-keys.ts";
import { softmaxConstants, softmaxState, softmaxStep } from "./softmax-step.ts";

export function registersKernelCode(task: AttentionTask, tiling: LaneTiling): string {
  const { lanes, rows, keys } = tiling;
  const vectors = Math.ceil(task.length / 4);
  const { directives, parameter, keysOfStep, any, step } = laneKeys(tiling);
  const output = (row: number, vector: string): string => `outputs[${vector} * ${rows}u + ${row}u]`;
  return `${directives}
${task.declarations}
${softmaxConstants}
var<private> queries: array<vec4<f32>, ${vectors * rows}>;
var<private> outputs: array<vec4<f32>, ${vectors * rows}>;
var<private> tops: array<f32, ${rows}>;
var<private> sums: array<f32, ${rows}>;

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, ${parameter} @builtin(local_invocation_id) lane: vec3<u32>) {
  let work = work_of(group, ${lanes * rows}u);
  let row = work.firstRow + lane.x * ${rows}u;
  let items = sizes.vectors * ${rows}u;
  var attends = false;
  for (var item = 0u; item < items; item++) {
    let own = row + item % ${rows}u;
    if (wanted(work, own)) {
      queries[item] = read_query(query_start(work, own), item / ${rows}u) * sizes.scale;
      attends = true;
    }
  }
  ${softmaxState(rows)}
  if (${any("attends")}) {
    for (var place = 0u; place < work.keyCount; place += ${keys}u) {
      ${keysOfStep}
      ${softmaxStep({
        ...step,
        rows,
        vectors: "sizes.vectors",
        query: (row, vector) => `queries[${vector} * ${rows}u + ${row}u]`,
        output,
        setOutput: (row, vector, value) => `${output(row, vector)} = ${value};`,
      })}
    }
  }
  ${lines(upTo(rows), (one) => `tops[${one}] = top${one}; sums[${one}] = sum${one};`)}
  for (var item = 0u; item < items; item++) {
    let own = row + item % ${rows}u;
    if (written(work, own)) {
      let sum = sums[item % ${rows}u];
      if (item < ${rows}u) { record(work, own, tops[item], sum); }
      write_output(output_start(work, own), item / ${rows}u, outputs[item] * output_factor(work, own, sum));
    }
  }
}`;
}
