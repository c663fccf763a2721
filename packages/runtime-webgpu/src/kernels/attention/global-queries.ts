// The queries of global tokens, taken through the key projection so that they meet hidden states instead of keys, for GPUs:
//
//     query[token, e]        = Σ_k queryWeight[e, k] · hidden[token, k] + queryBias[e]
//     folded[token, head, k] = Σ_e query[token, head · headSize + e] · keyWeight[head · headSize + e, k]
//
// since query · (keyWeight x + keyBias) = (keyWeightᵀ query) · x plus a constant, which softmax does not see. Both in one kernel: each product is a
// few microseconds of work, as long as it takes to start another. A workgroup makes one head's queries of 4 tokens, each weight read once for them, and
// then 384 elements of what they fold to; those that make others of the same head make the same queries again.
// Shapes: queryWeight and keyWeight `[hidden, hidden]` (float32 or float16), queryBias `[hidden]`; hidden `[items, sequence, hidden]`; tokens `[batch,
// tokensStride]`; folded `[items, slots, heads, hidden]`.
// Grid: [⌈hidden / 384⌉, heads · ⌈slots / 4⌉, items].
// Source: the formulas of `global-splits.ts`; the arrangement is our own.
import type { Kernel } from "../../kernel/kernel.ts";
import { upTo } from "../parts/up-to.ts";
import { attentionTokens, tokensOfGroup } from "./attention-tokens.ts";
import { type RowCut, rowProducts, rowsAtOnce, sharesOf, sliceInvocations, sliceMemory } from "./row-slices.ts";
import { declareUniforms } from "./uniforms.ts";
import { type RowForm, vectorBuffer, vectorReader, vectorWriter } from "./vectors.ts";

export const globalQueryFields = {
  sequence: "u32",
  hidden: "u32",
  vectors: "u32",
  heads: "u32",
  headSize: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens of a workgroup, and elements of what they fold to. */
export const queryTokens = 4;
export const foldedColumns = 384;

/** Invocations that share the sum of four elements; those that are left over have none. */
const parts = Math.floor((4 * sliceInvocations) / foldedColumns);

/** How the weights, the hidden states and the folded queries lie in memory; the head size is at most `maxHeadSize`, workgroup memory has `memoryBytes`. */
export function globalQueriesKernel(
  forms: Readonly<Record<"weight" | "hidden" | "folded", RowForm>>,
  { maxHeadSize, cut, memoryBytes }: Readonly<{ maxHeadSize: number; cut: RowCut; memoryBytes: number }>,
): Kernel {
  const each = upTo(queryTokens);
  const vectorsAtOnce = foldedColumns / 4;
  const atOnce = rowsAtOnce(cut, "vec4<f32>", memoryBytes - 16 * maxHeadSize);
  /** Tokens whose folded queries are summed at once: that many have room in the same memory. */
  const tokensAtOnce = Math.min(queryTokens, Math.floor(sharesOf(atOnce) / (parts * vectorsAtOnce)));
  const ofPart = (one: number): number => (one % tokensAtOnce) * parts * vectorsAtOnce;
  const ahead = upTo(cut.rows * cut.ahead);
  return {
    name: `global-queries${forms.folded.storage === "float16" ? "-to-float16" : ""}`,
    access: ["read", "read", "read", "read", "read", "write"],
    narrows: forms.folded.storage === "float16",
    code: `${declareUniforms(globalQueryFields)}
@group(0) @binding(1) var<storage, read> query_weight: ${vectorBuffer(forms.weight)};
@group(0) @binding(2) var<storage, read> query_bias: array<f32>;
@group(0) @binding(3) var<storage, read> key_weight: ${vectorBuffer(forms.weight)};
@group(0) @binding(4) var<storage, read> hidden: ${vectorBuffer(forms.hidden)};
@group(0) @binding(5) var<storage, read> tokens: array<i32>;
@group(0) @binding(6) var<storage, read_write> folded: ${vectorBuffer(forms.folded)};
${vectorReader("read_query_weight", "query_weight", forms.weight, "sizes.hidden")}
${vectorReader("read_key_weight", "key_weight", forms.weight, "sizes.hidden")}
${vectorReader("read_hidden", "hidden", forms.hidden, "sizes.hidden")}
${vectorWriter("write_folded", "folded", forms.folded, "sizes.hidden")}
/** Of an element of the head, the queries of the four tokens. */
var<workgroup> queries: array<vec4<f32>, ${maxHeadSize}>;
${sliceMemory("vec4<f32>", atOnce)}

@compute @workgroup_size(${sliceInvocations})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  ${tokensOfGroup(queryTokens)}
  ${each.map((one) => `let start${one} = (item * sizes.sequence + u32(tokens[list + ${attentionTokens.positions}u + min(token + ${one}u, globals - 1u)])) * sizes.hidden;`).join("\n  ")}
  ${rowProducts({
    sums: "vec4<f32>",
    cut,
    atOnce,
    rows: "sizes.headSize",
    vectors: "sizes.vectors",
    weight: (row, vector) => `read_query_weight((head * sizes.headSize + ${row}) * sizes.hidden, ${vector})`,
    elements: (vector) => each.map((one) => `read_hidden(start${one}, ${vector})`),
    take: (row, sums) => `queries[${row}] = ${sums} + query_bias[head * sizes.headSize + ${row}];`,
  })}
  let part = lane / ${vectorsAtOnce}u;
  let vector = group.x * ${vectorsAtOnce}u + lane % ${vectorsAtOnce}u;
  ${each.map((one) => `var sum${one} = vec4<f32>();`).join(" ")}
  if (part < ${parts}u && vector < sizes.vectors) {
    for (var first = part; first < sizes.headSize; first += ${ahead.length * parts}u) {
      ${ahead.map((step) => `let element${step} = min(first + ${step * parts}u, sizes.headSize - 1u); let weight${step} = read_key_weight((head * sizes.headSize + element${step}) * sizes.hidden, vector);`).join("\n      ")}
      ${ahead.map((step) => `{ let query = select(vec4<f32>(), queries[element${step}], first + ${step * parts}u < sizes.headSize); ${each.map((one) => `sum${one} += query[${one}] * weight${step};`).join(" ")} }`).join("\n      ")}
    }
  }
  // Each part joins the sums of other tokens.
  ${each
    .filter((one) => one % tokensAtOnce === 0)
    .map((first) => each.slice(first, first + tokensAtOnce))
    .map(
      (tokens) => `${tokens[0] === 0 ? "" : "workgroupBarrier();\n  "}if (part < ${parts}u) {
    ${tokens.map((one) => `shares[lane + ${ofPart(one)}u] = sum${one};`).join(" ")}
  }
  workgroupBarrier();
  ${tokens
    .map(
      (one) => `if (part == ${one % parts}u && vector < sizes.vectors && token + ${one}u < globals) {
    write_folded(((item * sizes.slots + token + ${one}u) * sizes.heads + head) * sizes.hidden, vector, ${upTo(parts)
      .map((other) => `shares[lane % ${vectorsAtOnce}u + ${ofPart(one) + other * vectorsAtOnce}u]`)
      .join(" + ")});
  }`,
    )
    .join("\n  ")}`,
    )
    .join("\n  ")}
}`,
  };
}
