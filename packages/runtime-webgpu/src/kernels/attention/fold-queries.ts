// The queries of global tokens taken through the key projection, so that they meet hidden states instead of keys, on software adapters:
//
//     folded[token, head, k] = Σ_e query[token, head · headSize + e] · keyWeight[head · headSize + e, k]
//
// since query · (keyWeight x + keyBias) = (keyWeightᵀ query) · x plus a constant, which softmax does not see.
// Shapes: query `[items, slots, hidden]`; keyWeight `[hidden, hidden]` (float32 or float16); tokens `[batch, tokensStride]`; folded
// `[items, slots, heads, hidden]`.
// Grid: [⌈hidden / 256⌉, heads · ⌈slots / 4⌉, items]. An invocation makes 4 elements for 4 tokens, with the weight read once for them.
import { lines, upTo } from "../parts/lines.ts";
import { declareUniforms, entryPoint, storageBuffers } from "../parts/bindings.ts";
import { foldedElements, foldedTokens, foldFields } from "./processor-fields.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { type RowForm, vectorType, vectorReader, vectorWriter } from "./vectors.ts";

export function foldQueriesKernelCode(weight: RowForm): string {
  const each = upTo(foldedTokens);
  const folded: RowForm = { storage: "float32", aligned: weight.aligned };
  const buffers = storageBuffers({ query: "f32", weight: vectorType(weight), tokens: "i32" }, { folded: vectorType(folded) });
  return `${declareUniforms(foldFields)}
${buffers.declarations}
${vectorReader("read_weight", "weight", weight, "sizes.hidden")}
${vectorWriter("write_folded", "folded", folded, "sizes.hidden")}

${entryPoint(foldedElements / 4)}
  let item = group.z;
  let globals = u32(tokens[(sizes.firstItem + item) * sizes.tokensStride + ${attentionTokens.globals}u]);
  let head = group.y % max(sizes.heads, 1u);
  let token = group.y / max(sizes.heads, 1u) * ${foldedTokens}u;
  if (token >= globals) { return; }
  let vector = group.x * ${foldedElements / 4}u + lane;
  if (vector >= sizes.vectors) { return; }
  ${lines(
    each,
    (one) =>
      `let start${one} = (item * sizes.slots + min(token + ${one}u, globals - 1u)) * sizes.hidden + head * sizes.headSize; var sum${one} = vec4<f32>();`,
  )}
  for (var element = 0u; element < sizes.headSize; element++) {
    let w = read_weight((head * sizes.headSize + element) * sizes.hidden, vector);
    ${lines(each, (one) => `sum${one} += query[start${one} + element] * w;`)}
  }
  ${lines(
    each,
    (one) =>
      `if (token + ${one}u < globals) { write_folded(((item * sizes.slots + token + ${one}u) * sizes.heads + head) * sizes.hidden, vector, sum${one}); }`,
  )}
}`;
}
