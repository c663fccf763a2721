// Joins what the splits of the keys found for the heads of global tokens:
//
//     out[r, e] = Σ_s exp(top[s, r] - top) partial[s, r, e] / Σ_s exp(top[s, r] - top) sum[s, r],   top = max_s top[s, r]
//
// where r counts the heads of global tokens.
// Shapes: partial `[items, splits, slots, heads, length]`, statistics (top, sum) `[items, splits, slots, heads, 2]`, tokens
// `[batch, tokensStride]`. `context` (direct): out is `[items, sequence, heads, length]`, the rows of global tokens.
// `mixed` (re-associated): out is `[items, slots, heads, length]`.
// Grid: [⌈length / 64⌉, slots · heads (or as many as there may be; the rest in turns), items].
// Source: FlashAttention-2 (Dao, arXiv 2307.08691), where keys are split among workgroups.
import type { Kernel } from "../../kernel/kernel.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { declareUniforms } from "./uniforms.ts";

export const combineFields = {
  sequence: "u32",
  heads: "u32",
  length: "u32",
  slots: "u32",
  splits: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

export function combineSplitsKernel(purpose: "context" | "mixed"): Kernel {
  const token = {
    context: `item * sizes.sequence + u32(tokens[list + ${attentionTokens.positions}u + row / sizes.heads])`,
    mixed: "item * sizes.slots + row / sizes.heads",
  }[purpose];
  return {
    name: `combine-splits-${purpose}`,
    access: ["read", "read", "read", "write"],
    code: `${declareUniforms(combineFields)}
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> tokens: array<i32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
) {
  let item = group.z;
  let element = group.x * 64u + lane.x;
  if (element >= sizes.length) { return; }
  let list = (sizes.firstItem + item) * sizes.tokensStride;
  let rows = u32(tokens[list + ${attentionTokens.globals}u]) * sizes.heads;
  let rowsOfSplit = sizes.slots * sizes.heads;
  for (var row = group.y; row < rows; row += groups.y) {
    let first = item * sizes.splits * rowsOfSplit + row;
    var top = statistics[first].x;
    for (var split = 1u; split < sizes.splits; split++) { top = max(top, statistics[first + split * rowsOfSplit].x); }
    var value = 0.0;
    var sum = 0.0;
    for (var split = 0u; split < sizes.splits; split++) {
      let at = first + split * rowsOfSplit;
      let share = exp(statistics[at].x - top);
      value += share * partial[at * sizes.length + element];
      sum += share * statistics[at].y;
    }
    out[((${token}) * sizes.heads + row % sizes.heads) * sizes.length + element] = value / sum;
  }
}`,
  };
}
