// Attention of a task's rows, for software adapters, whose barriers cost more than workgroup memory saves:
//
//     output[row] = Σ_j softmax_j(scale · query[row] · key[j]) · value[j]
//
// Shapes: those of the task's buffers; a head's vectors lie in the last axis. An invocation holds the queries and sums of `rows` rows in
// private arrays and takes `keys` keys in a step.
// Grid: [⌈rows of the task / (workgroup · rows)⌉ (and splits of the keys), heads, batch].
//
// On lavapipe every read of a storage buffer is a loop over the lanes, whether they read the same element or not. Where the size of
// subgroups is known, a workgroup is one subgroup, each lane reads another key, and they tell each other: 2.5 times as fast there as all
// lanes reading all keys, with a quarter of the code.
// Loop bounds come from uniforms: Mesa unrolls loops over constants, and takes a minute for it.
// Source: FlashAttention (Dao et al., arXiv 2205.14135); its arrangement for lanes of a CPU is our own.
import type { Kernel } from "../../kernel/kernel.ts";
import type { AttentionTask, RegistersTiling } from "./attention-task.ts";
import { range, softmaxConstants, softmaxState, softmaxStep } from "./softmax-step.ts";

export function registersKernel(task: AttentionTask, { lanes, rows, keys, exchange }: RegistersTiling): Kernel {
  const vectors = Math.ceil(task.length / 4);
  const each = range(keys);
  const step = softmaxStep({
    rows,
    keys,
    vectors: "sizes.vectors",
    query: (row, vector) => `queries[${vector} * ${rows}u + ${row}u]`,
    output: (row, vector) => `outputs[${vector} * ${rows}u + ${row}u]`,
    sees: (row, key) => `row + ${row}u - low${key} < span${key}`,
    ...(exchange
      ? {
          beforeKeys: (vector) => `let own = read_key(key.start, ${vector});`,
          key: (key) => `subgroupBroadcast(own, ${key}u)`,
          beforeValues: (vector) => `let own = read_value(key.start, ${vector});`,
          value: (key) => `subgroupBroadcast(own, ${key}u)`,
        }
      : {
          key: (key, vector) => `read_key(key${key}.start, ${vector})`,
          value: (key, vector) => `read_value(key${key}.start, ${vector})`,
        }),
  });
  const keysOfStep = exchange
    ? `let key = key_at(work, place + subgroupLane);
      if (!subgroupAny(key.span != 0u)) { continue; }
      ${each.map((one) => `let low${one} = subgroupBroadcast(key.low, ${one}u); let span${one} = subgroupBroadcast(key.span, ${one}u);`).join("\n      ")}`
    : `${each.map((one) => `let key${one} = key_at(work, place + ${one}u); let low${one} = key${one}.low; let span${one} = key${one}.span;`).join("\n      ")}
      if ((${each.map((one) => `span${one}`).join(" | ")}) == 0u) { continue; }`;
  return {
    name: `${task.name}-registers`,
    access: task.access,
    code: `${exchange ? "enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n" : ""}${task.declarations}
${softmaxConstants}
var<private> queries: array<vec4<f32>, ${vectors * rows}>;
var<private> outputs: array<vec4<f32>, ${vectors * rows}>;
var<private> tops: array<f32, ${rows}>;
var<private> sums: array<f32, ${rows}>;

@compute @workgroup_size(${lanes})
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
  ${exchange ? "@builtin(subgroup_invocation_id) subgroupLane: u32," : ""}
) {
  let work = work_of(group, ${lanes * rows}u);
  let row = work.firstRow + lane.x * ${rows}u;
  let items = sizes.vectors * ${rows}u;
  var any = false;
  for (var item = 0u; item < items; item++) {
    let own = row + item % ${rows}u;
    if (wanted(work, own)) {
      queries[item] = read_query(query_start(work, own), item / ${rows}u) * sizes.scale;
      any = true;
    }
  }
  ${softmaxState(rows)}
  if (${exchange ? "subgroupAny(any)" : "any"}) {
    for (var place = 0u; place < work.places; place += ${keys}u) {
      ${keysOfStep}
      ${step}
    }
  }
  ${range(rows)
    .map((one) => `tops[${one}] = top${one}; sums[${one}] = sum${one};`)
    .join("\n  ")}
  for (var item = 0u; item < items; item++) {
    let own = row + item % ${rows}u;
    if (written(work, own)) {
      let sum = sums[item % ${rows}u];
      if (item < ${rows}u) { record(work, own, tops[item], sum); }
      write_output(output_start(work, own), item / ${rows}u, outputs[item] * output_factor(work, own, sum));
    }
  }
}`,
  };
}
