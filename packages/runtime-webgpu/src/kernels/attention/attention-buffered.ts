// Attention of a task's rows whose vectors are long (the hidden size), for software adapters:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers. An invocation takes one row and `keys` keys in a step (`lane-keys.ts`); its query and its sums
// stay in the buffers: private arrays of this length are no faster there, and take seconds to compile.
// Grid: [⌈rows of the task / lanes⌉ · splits, heads, batch].
// Source: as `attention-registers.ts`.
import type { AttentionTask, LaneTiling } from "./attention-task.ts";
import { laneKeys } from "./lane-keys.ts";
import { softmaxConstants, softmaxState, softmaxStep } from "./softmax-step.ts";

/** The task's output is what its rows add up to: `output_factor` is 1. */
export function bufferedKernelCode(task: AttentionTask, tiling: Omit<LaneTiling, "rows">): string {
  const { lanes, keys } = tiling;
  const { directives, parameter, keysOfStep, any, step } = laneKeys({ ...tiling, rows: 1 });
  return `${directives}
${task.declarations}
${softmaxConstants}

@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3<u32>, ${parameter} @builtin(local_invocation_id) lane: vec3<u32>) {
  let work = work_of(group, ${lanes}u);
  let row = work.firstRow + lane.x;
  let attends = wanted(work, row);
  let queryStart = select(0u, query_start(work, row), attends);
  let outputStart = select(0u, output_start(work, row), attends);
  ${softmaxState(1)}
  if (attends) {
    for (var vector = 0u; vector < sizes.vectors; vector++) { write_output(outputStart, vector, vec4<f32>()); }
  }
  if (${any("attends")}) {
    for (var place = 0u; place < work.keyCount; place += ${keys}u) {
      ${keysOfStep}
      ${softmaxStep({
        ...step,
        rows: 1,
        vectors: "sizes.vectors",
        query: (_, vector) => `(read_query(queryStart, ${vector}) * sizes.scale)`,
        output: (_, vector) => `read_output(outputStart, ${vector})`,
        setOutput: (_, vector, value) => `let sums = ${value}; if (attends) { write_output(outputStart, ${vector}, sums); }`,
      })}
    }
  }
  if (attends) { record(work, row, top0, sum0); }
}`;
}
