// The queries of global tokens taken through the key projection, so that they meet hidden states instead of keys:
//
//     folded[token, head, k] = Σ_e query[token, head · headSize + e] · keyWeight[head · headSize + e, k]
//
// since query · (keyWeight x + keyBias) = (keyWeightᵀ query) · x plus a constant, which softmax does not see.
// Shapes: query `[items, slots, hidden]`; keyWeight `[hidden, hidden]` (float32 or float16); tokens `[batch, tokensStride]`; folded
// `[items, slots, heads, hidden]`.
// Grid: [⌈hidden / elements of a workgroup⌉, heads · ⌈slots / 4⌉, items]. An invocation adds to 4 elements for 4 tokens, with the weight read once;
// on GPUs 8 of them share the sums, so that few reads follow each other.
import type { Kernel } from "../../kernel/kernel.ts";
import { upTo } from "../parts/up-to.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { declareUniforms } from "./uniforms.ts";
import { type RowForm, vectorBuffer, vectorReader, vectorWriter } from "./vectors.ts";

export const foldFields = {
  hidden: "u32",
  vectors: "u32",
  heads: "u32",
  headSize: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens whose elements an invocation adds to. */
export const foldedTokens = 4;

/** Elements of a row that a workgroup computes. */
export function foldedElements(shared: boolean): number {
  return (4 * workgroup(shared)) / slicesOf(shared);
}

function workgroup(shared: boolean): number {
  return shared ? 128 : 64;
}

/** Invocations that share a sum. */
function slicesOf(shared: boolean): number {
  return shared ? 8 : 1;
}

/** `shared`: whether the work is for a GPU. */
export function foldQueriesKernel(weight: RowForm, shared: boolean): Kernel {
  const each = upTo(foldedTokens);
  const invocations = workgroup(shared);
  const slices = slicesOf(shared);
  const columns = invocations / slices;
  const folded: RowForm = { storage: "float32", aligned: weight.aligned };
  const reduce = `
  ${each.map((one) => `shares[${one * invocations}u + lane] = sum${one};`).join(" ")}
  for (var half = ${invocations / 2}u; half >= ${columns}u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { ${each.map((one) => `shares[${one * invocations}u + lane] += shares[${one * invocations}u + lane + half];`).join(" ")} }
  }
  ${each.map((one) => `sum${one} = shares[${one * invocations}u + lane];`).join(" ")}
  if (slice > 0u) { return; }`;
  return {
    name: "fold-queries",
    access: ["read", "read", "read", "write"],
    code: `${declareUniforms(foldFields)}
@group(0) @binding(1) var<storage, read> query: array<f32>;
@group(0) @binding(2) var<storage, read> weight: ${vectorBuffer(weight)};
@group(0) @binding(3) var<storage, read> tokens: array<i32>;
@group(0) @binding(4) var<storage, read_write> folded: ${vectorBuffer(folded)};
${vectorReader("read_weight", "weight", weight, "sizes.hidden")}
${vectorWriter("write_folded", "folded", folded, "sizes.hidden")}
${shared ? `var<workgroup> shares: array<vec4<f32>, ${foldedTokens * invocations}>;` : ""}

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let item = group.z;
  let globals = u32(tokens[(sizes.firstItem + item) * sizes.tokensStride + ${attentionTokens.globals}u]);
  let head = group.y % max(sizes.heads, 1u);
  let token = group.y / max(sizes.heads, 1u) * ${foldedTokens}u;
  if (token >= globals) { return; }
  let vector = group.x * ${columns}u + lane % ${columns}u;
  let slice = lane / ${columns}u;
  ${each
    .map(
      (one) =>
        `let start${one} = (item * sizes.slots + min(token + ${one}u, globals - 1u)) * sizes.hidden + head * sizes.headSize; var sum${one} = vec4<f32>();`,
    )
    .join("\n  ")}
  if (vector < sizes.vectors) {
    for (var element = slice; element < sizes.headSize; element += ${slices}u) {
      let w = read_weight((head * sizes.headSize + element) * sizes.hidden, vector);
      ${each.map((one) => `sum${one} += query[start${one} + element] * w;`).join("\n      ")}
    }
  }
  ${shared ? reduce : ""}
  if (vector >= sizes.vectors) { return; }
  ${each
    .map(
      (one) =>
        `if (token + ${one}u < globals) { write_folded(((item * sizes.slots + token + ${one}u) * sizes.heads + head) * sizes.hidden, vector, sum${one}); }`,
    )
    .join("\n  ")}
}`,
  };
}
