// Joins what the splits of the keys found for the heads of tokens:
//
//     out[r, e] = Σ_s exp(top[s, r] - top) partial[s, r, e] / Σ_s exp(top[s, r] - top) sum[s, r],   top = max_s top[s, r]
//
// where r counts the heads of the tokens: global ones, or, of a window, all.
// Shapes: partial `[items, splits, slots, heads, length]`, statistics (top, sum) `[items, splits, slots, heads, 2]`, tokens
// `[batch, tokensStride]`. `context` (direct): out is `[items, sequence, heads, length]`, the rows of global tokens.
// `mixed` (re-associated): out is `[items, slots, heads, length]`.
// `window`: `slots` is the sequence, and codes `[batch, sequence]` are in the place of tokens; out is `[items, sequence, heads, length]`, the rows of
// local tokens, and zeros for masked ones.
// Grid: [⌈heads · length / 256⌉, slots (or as many as there may be; the rest in turns), items]. An invocation joins four elements of a token.
// Source: FlashAttention-2 (Dao, arXiv 2307.08691), where keys are split among workgroups.
import type { Kernel } from "../../kernel/kernel.ts";
import { declareUniforms, storageBuffers } from "../parts/bindings.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

export const combineFields = {
  sequence: "u32",
  heads: "u32",
  length: "u32",
  slots: "u32",
  splits: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

export interface CombineSplitsOptions {
  readonly purpose: "context" | "mixed" | "window";
  /** Whether a head has a multiple of 4 elements, so that four neighbours are of one head. */
  readonly byFours: boolean;
  /** How all heads of a token lie, side by side. */
  readonly out: RowForm;
}

/** WGSL: rows for which there is nothing to join. */
const windowRows = `let code = tokens[list + place];
    if (code == 2) { continue; }
    if (code == 0) { write_out((item * sizes.slots + place) * length, vector, vec4<f32>()); continue; }
    `;

export function combineSplitsKernel({ purpose, byFours, out }: CombineSplitsOptions): Kernel {
  const partial: RowForm = { storage: "float32", aligned: out.aligned };
  const row = {
    context: `item * sizes.sequence + u32(tokens[list + ${attentionTokens.positions}u + place])`,
    mixed: "item * sizes.slots + place",
    window: "item * sizes.slots + place",
  }[purpose];
  // Of each of four elements, or of all four at once.
  const type = byFours ? "f32" : "vec4<f32>";
  const found = (split: string, part: "x" | "y"): string => {
    const of = (head: string): string => `statistics[(first + ${split} * sizes.slots) * sizes.heads + ${head}].${part}`;
    return byFours ? of("heads.x") : `vec4<f32>(${["x", "y", "z", "w"].map((one) => of(`heads.${one}`)).join(", ")})`;
  };
  const buffers = storageBuffers({ partial: vectorType(partial), statistics: "vec2<f32>", tokens: "i32" }, { out: vectorType(out) });
  return {
    name: `combine-splits-${purpose}`,
    access: buffers.access,
    code: `${declareUniforms(combineFields)}
${buffers.declarations}
${vectorReader("read_partial", "partial", partial, "(sizes.heads * sizes.length)")}
${vectorWriter("write_out", "out", out, "(sizes.heads * sizes.length)")}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>,
) {
  let item = group.z;
  let vector = group.x * 64u + lane.x;
  let length = sizes.heads * sizes.length;
  if (4u * vector >= length) { return; }
  let heads = min(vec4<u32>(4u * vector) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(length - 1u)) / sizes.length;
  let list = (sizes.firstItem + item) * sizes.tokensStride;
  let count = ${purpose === "window" ? "sizes.slots" : `u32(tokens[list + ${attentionTokens.globals}u])`};
  for (var place = group.y; place < count; place += groups.y) {
    ${purpose === "window" ? windowRows : ""}let first = item * sizes.splits * sizes.slots + place;
    var top = ${found("0u", "x")};
    for (var split = 1u; split < sizes.splits; split++) { top = max(top, ${found("split", "x")}); }
    var value = vec4<f32>();
    var sum = ${type}();
    for (var split = 0u; split < sizes.splits; split++) {
      let share = exp(${found("split", "x")} - top);
      value += share * read_partial((first + split * sizes.slots) * length, vector);
      sum += share * ${found("split", "y")};
    }
    write_out((${row}) * length, vector, value / sum);
  }
}`,
  };
}
