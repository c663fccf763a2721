// A projection for the rows of global tokens alone, on software adapters:
//
//     out[token, o] = Σ_k weight[o, k] · x[token, k] + bias[o]
//
// `query`: x is the hidden state of the token, out are the queries of the global tokens in a row.
// `value` (re-associated): x is what the head of o mixed from the hidden states of all tokens, out is the token's row of the context.
// Shapes: weight `[hidden, hidden]` (float32 or float16), bias `[hidden]`; x `[items, sequence, hidden]` or
// `[items, slots, heads, hidden]`; tokens `[batch, tokensStride]`; out `[items, slots, hidden]` or `[items, sequence, hidden]`.
// Grid: [⌈hidden / 64⌉, ⌈slots / 4⌉, items]. An invocation makes one element for 4 tokens, with the weight read once for them.
import { lines, upTo } from "../parts/lines.ts";
import { declareUniforms, storageBuffers } from "../parts/bindings.ts";
import { projectedElements, projectedTokens, projectFields } from "./processor-fields.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { type RowForm, vectorType, vectorReader } from "./vectors.ts";

/** How weight and x lie in memory. */
export function projectRowsKernelCode(purpose: "query" | "value", forms: Readonly<Record<"weight" | "x", RowForm>>): string {
  const each = upTo(projectedTokens);
  const position = "u32(tokens[list + min(token, globals - 1u)])";
  const heads = "(sizes.hidden / sizes.headSize)";
  const input = {
    query: `(item * sizes.sequence + ${position}) * sizes.hidden`,
    value: `((item * sizes.slots + min(token, globals - 1u)) * ${heads} + element / sizes.headSize) * sizes.hidden`,
  }[purpose];
  const output = {
    query: "(item * sizes.slots + token) * sizes.hidden",
    value: `(item * sizes.sequence + ${position}) * sizes.hidden`,
  }[purpose];
  const buffers = storageBuffers({ weight: vectorType(forms.weight), bias: "f32", x: vectorType(forms.x), tokens: "i32" }, { out: "f32" });
  return `${declareUniforms(projectFields)}
${buffers.declarations}
${vectorReader("read_weight", "weight", forms.weight, "sizes.hidden")}
${vectorReader("read_x", "x", forms.x, "sizes.hidden")}

fn input_start(item: u32, list: u32, globals: u32, token: u32, element: u32) -> u32 { return ${input}; }
fn output_start(item: u32, list: u32, globals: u32, token: u32) -> u32 { return ${output}; }

@compute @workgroup_size(${projectedElements})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  let item = group.z;
  let list = (sizes.firstItem + item) * sizes.tokensStride + ${attentionTokens.positions}u;
  let globals = u32(tokens[list - ${attentionTokens.positions - attentionTokens.globals}u]);
  let token = group.y * ${projectedTokens}u;
  if (token >= globals) { return; }
  let element = group.x * ${projectedElements}u + lane.x;
  let row = min(element, sizes.hidden - 1u);
  ${lines(each, (one) => `let start${one} = input_start(item, list, globals, token + ${one}u, row); var sum${one} = 0.0;`)}
  for (var vector = 0u; vector < sizes.vectors; vector++) {
    let w = read_weight(row * sizes.hidden, vector);
    ${lines(each, (one) => `sum${one} += dot(w, read_x(start${one}, vector));`)}
  }
  if (element >= sizes.hidden) { return; }
  ${lines(
    each,
    (one) =>
      `if (token + ${one}u < globals) { out[output_start(item, list, globals, token + ${one}u) + element] = sum${one} + bias[element]; }`,
  )}
}`;
}
