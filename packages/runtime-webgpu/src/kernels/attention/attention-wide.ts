// Attention of a task's rows whose vectors are too long for the registers of one invocation (the hidden size), for GPUs:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers. A workgroup of 128 takes 8 rows and 16 keys at a time. First each invocation computes one of the
// 128 scores, from slices of the 8 queries and 16 keys that pass through workgroup memory; then each holds the sums of a few elements of
// all 8 rows, and adds the 16 values to them.
// Grid: [⌈rows of the task / 8⌉ · splits, heads, batch].
// Source: as `attention-staged.ts`; the arrangement is our own.
import type { Kernel } from "../../kernel/kernel.ts";
import type { AttentionTask } from "./attention-task.ts";
import { range, softmaxConstants } from "./softmax-step.ts";

const workgroup = 128;

/** Rows that a workgroup takes. */
export const wideRows = 8;

/** Keys at a time: one score for each invocation. */
const keys = workgroup / wideRows;

/** The most vectors of 4 elements in a slice. */
const maxSlice = 16;

export function wideKernel(task: AttentionTask): Kernel {
  const vectors = Math.ceil(task.length / 4);
  const columns = Math.ceil(vectors / workgroup);
  const slice = Math.min(maxSlice, vectors);
  // One more than a key's slice needs: 16 keys then lie in different memory banks.
  const sliceStride = slice + 1;
  return {
    name: `${task.name}-wide`,
    access: task.access,
    code: `${task.declarations}
${softmaxConstants}
const vectors = ${vectors}u;
var<workgroup> sliceQueries: array<vec4<f32>, ${wideRows * slice}>;
var<workgroup> sliceKeys: array<vec4<f32>, ${keys * sliceStride}>;
var<workgroup> scores: array<f32, ${workgroup}>;
var<workgroup> probabilities: array<f32, ${workgroup}>;
var<workgroup> fades: array<f32, ${wideRows}>;

@compute @workgroup_size(${workgroup})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) id: vec3<u32>) {
  let work = work_of(group, ${wideRows}u);
  let lane = id.x;
  let row = lane / ${keys}u;
  let key = lane % ${keys}u;
  var outputs: array<vec4<f32>, ${wideRows * columns}>;
  var top = lowestTop;
  var sum = 0.0;
  for (var place = 0u; place < work.keyCount; place += ${keys}u) {
    var score = 0.0;
    for (var first = 0u; first < vectors; first += ${slice}u) {
      workgroupBarrier();
      for (var item = lane; item < ${keys * slice}u; item += ${workgroup}u) {
        let vector = first + item % ${slice}u;
        var read = vec4<f32>();
        if (vector < vectors) { read = read_key(key_at(work, place + item / ${slice}u).start, vector); }
        sliceKeys[item / ${slice}u * ${sliceStride}u + item % ${slice}u] = read;
      }
      for (var item = lane; item < ${wideRows * slice}u; item += ${workgroup}u) {
        let vector = first + item % ${slice}u;
        let queryRow = work.firstRow + item / ${slice}u;
        var read = vec4<f32>();
        if (vector < vectors && wanted(work, queryRow)) { read = read_query(query_start(work, queryRow), vector) * sizes.scale; }
        sliceQueries[item] = read;
      }
      workgroupBarrier();
      for (var vector = 0u; vector < ${slice}u; vector++) {
        score += dot(sliceQueries[row * ${slice}u + vector], sliceKeys[key * ${sliceStride}u + vector]);
      }
    }
    let at = key_at(work, place + key);
    score = select(unseen, score, work.firstRow + row - at.low < at.span);
    scores[lane] = score;
    workgroupBarrier();
    var newTop = top;
    for (var other = 0u; other < ${keys}u; other++) { newTop = max(newTop, scores[row * ${keys}u + other]); }
    let fade = exp(top - newTop);
    let probability = exp(score - newTop);
    sum = sum * fade + probability;
    top = newTop;
    probabilities[lane] = probability;
    if (key == 0u) { fades[row] = fade; }
    workgroupBarrier();
    ${range(columns)
      .map(
        (column) => `{
      let vector = lane + ${column * workgroup}u;
      if (vector < vectors) {
        ${range(wideRows)
          .map((one) => `outputs[${column * wideRows + one}] *= fades[${one}];`)
          .join("\n        ")}
        for (var other = 0u; other < ${keys}u; other++) {
          let value = read_value(key_at(work, place + other).start, vector);
          ${range(wideRows)
            .map((one) => `outputs[${column * wideRows + one}] += probabilities[${one * keys}u + other] * value;`)
            .join("\n          ")}
        }
      }
    }`,
      )
      .join("\n    ")}
  }
  workgroupBarrier();
  scores[lane] = sum;
  workgroupBarrier();
  if (key == 0u && written(work, work.firstRow + row)) {
    for (var other = 1u; other < ${keys}u; other++) { sum += scores[lane + other]; }
    record(work, work.firstRow + row, top, sum);
  }
  ${range(columns)
    .map(
      (column) => `{
    let vector = lane + ${column * workgroup}u;
    if (vector < vectors) {
      ${range(wideRows)
        .map(
          (one) =>
            `if (written(work, work.firstRow + ${one}u)) { write_output(output_start(work, work.firstRow + ${one}u), vector, outputs[${column * wideRows + one}]); }`,
        )
        .join("\n      ")}
    }
  }`,
    )
    .join("\n  ")}
}`,
  };
}
