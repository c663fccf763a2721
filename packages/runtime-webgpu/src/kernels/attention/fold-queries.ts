// The queries of global tokens taken through the key projection, so that they meet hidden states instead of keys:
//
//     folded[token, head, k] = Σ_e query[token, head · headSize + e] · keyWeight[head · headSize + e, k]
//
// since query · (keyWeight x + keyBias) = (keyWeightᵀ query) · x plus a constant, which softmax does not see.
// Shapes: query `[items, slots, hidden]`; keyWeight `[hidden, hidden]` (float32 or float16); tokens `[batch, tokensStride]`; folded
// `[items, slots, heads, hidden]`.
// Grid: [⌈hidden / 4 / 64⌉, heads · ⌈slots / 4⌉, items]. An invocation computes 4 elements for 4 tokens, with the weight read once.
import type { Kernel } from "../../kernel/kernel.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { range } from "./softmax-step.ts";
import { declareUniforms } from "./uniforms.ts";
import { vectorBuffer, vectorWriter } from "./vectors.ts";
import { weightBuffer, weightReader, type WeightLayout } from "./weights.ts";

export const foldFields = {
  hidden: "u32",
  vectors: "u32",
  heads: "u32",
  headSize: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens whose elements an invocation computes. */
export const foldedTokens = 4;

export function foldQueriesKernel(weight: WeightLayout): Kernel {
  const each = range(foldedTokens);
  return {
    name: "fold-queries",
    access: ["read", "read", "read", "write"],
    code: `${declareUniforms(foldFields)}
@group(0) @binding(1) var<storage, read> query: array<f32>;
@group(0) @binding(2) var<storage, read> weight: ${weightBuffer(weight)};
@group(0) @binding(3) var<storage, read> tokens: array<i32>;
@group(0) @binding(4) var<storage, read_write> folded: ${vectorBuffer(weight.aligned)};
${weightReader("read_weight", "weight", weight, "sizes.hidden")}
${vectorWriter("write_folded", "folded", weight.aligned, "sizes.hidden")}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let item = group.z;
  let globals = u32(tokens[(sizes.firstItem + item) * sizes.tokensStride + ${attentionTokens.globals}u]);
  let head = group.y % sizes.heads;
  let token = group.y / sizes.heads * ${foldedTokens}u;
  let vector = group.x * 64u + lane.x;
  if (token >= globals || vector >= sizes.vectors) { return; }
  ${each
    .map(
      (one) =>
        `let start${one} = (item * sizes.slots + min(token + ${one}u, globals - 1u)) * sizes.hidden + head * sizes.headSize; var sum${one} = vec4<f32>();`,
    )
    .join("\n  ")}
  for (var element = 0u; element < sizes.headSize; element++) {
    let w = read_weight((head * sizes.headSize + element) * sizes.hidden, vector);
    ${each.map((one) => `sum${one} += query[start${one} + element] * w;`).join("\n    ")}
  }
  ${each
    .map(
      (one) =>
        `if (token + ${one}u < globals) { write_folded(((item * sizes.slots + token + ${one}u) * sizes.heads + head) * sizes.hidden, vector, sum${one}); }`,
    )
    .join("\n  ")}
}`,
  };
}
