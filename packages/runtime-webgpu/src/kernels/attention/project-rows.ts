// A projection for the rows of global tokens alone:
//
//     out[token, o] = Σ_k weight[o, k] · x[token, k] + bias[o]
//
// `query`: x is the hidden state of the token, out are the queries of the global tokens in a row.
// `value` (re-associated): x is what the head of o mixed from the hidden states of all tokens, out is the token's row of the context.
// Shapes: weight `[hidden, hidden]` (float32 or float16), bias `[hidden]`; x `[items, sequence, hidden]` or
// `[items, slots, heads, hidden]`; tokens `[batch, tokensStride]`; out `[items, slots, hidden]` or `[items, sequence, hidden]`.
// Grid: [⌈hidden / elements of a workgroup⌉, ⌈slots / 4⌉, items]. An invocation adds to one element for 4 tokens, with the weight read once: on a
// software adapter to all of it, on GPUs 64 of them share its sum, so that neighbours read neighbouring weights and few reads follow each other.
import type { Kernel } from "../../kernel/kernel.ts";
import { upTo } from "../parts/up-to.ts";
import { attentionTokens } from "./attention-tokens.ts";
import { declareUniforms } from "./uniforms.ts";
import { type RowForm, vectorBuffer, vectorReader, vectorWriter } from "./vectors.ts";

export interface ProjectRowsOptions {
  readonly purpose: "query" | "value";
  /** How weight, x and out lie in memory; out as float32 where the work is not for a GPU. */
  readonly forms: Readonly<Record<"weight" | "x" | "out", RowForm>>;
  /** Whether the work is for a GPU. */
  readonly shared: boolean;
}

export const projectFields = {
  sequence: "u32",
  hidden: "u32",
  vectors: "u32",
  headSize: "u32",
  slots: "u32",
  tokensStride: "u32",
  firstItem: "u32",
} as const;

/** Tokens whose elements an invocation adds to. */
export const projectedTokens = 4;

/** Elements of a row that a workgroup computes. */
export function projectedElements(shared: boolean): number {
  return shared ? 4 : 64;
}

/** Invocations that share a sum on a GPU. */
const slices = 64;

export function projectRowsKernel({ purpose, forms, shared }: ProjectRowsOptions): Kernel {
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
  return {
    name: `project-rows-${purpose}`,
    access: ["read", "read", "read", "read", "write"],
    code: `${declareUniforms(projectFields)}
@group(0) @binding(1) var<storage, read> weight: ${vectorBuffer(forms.weight)};
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> x: ${vectorBuffer(forms.x)};
@group(0) @binding(4) var<storage, read> tokens: array<i32>;
@group(0) @binding(5) var<storage, read_write> out: ${vectorBuffer(shared ? forms.out : elements)};
${vectorReader("read_weight", "weight", forms.weight, "sizes.hidden")}
${vectorReader("read_x", "x", forms.x, "sizes.hidden")}

fn input_start(item: u32, list: u32, globals: u32, token: u32, element: u32) -> u32 { return ${input}; }
fn output_start(item: u32, list: u32, globals: u32, token: u32) -> u32 { return ${output}; }
${shared ? sharedCode(forms.out) : aloneCode}`,
  };
}

const elements: RowForm = { storage: "float32", aligned: false };

const tokensOf = upTo(projectedTokens);

/** WGSL: what a workgroup does it for. */
const enter = `let item = group.z;
  let list = (sizes.firstItem + item) * sizes.tokensStride + ${attentionTokens.positions}u;
  let globals = u32(tokens[list - ${attentionTokens.positions - attentionTokens.globals}u]);
  let token = group.y * ${projectedTokens}u;
  if (token >= globals) { return; }`;

const aloneCode = `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) lane: vec3<u32>) {
  ${enter}
  let element = group.x * 64u + lane.x;
  let row = min(element, sizes.hidden - 1u);
  ${tokensOf.map((one) => `let start${one} = input_start(item, list, globals, token + ${one}u, row); var sum${one} = 0.0;`).join("\n  ")}
  for (var vector = 0u; vector < sizes.vectors; vector++) {
    let w = read_weight(row * sizes.hidden, vector);
    ${tokensOf.map((one) => `sum${one} += dot(w, read_x(start${one}, vector));`).join("\n    ")}
  }
  if (element >= sizes.hidden) { return; }
  ${tokensOf
    .map(
      (one) =>
        `if (token + ${one}u < globals) { out[output_start(item, list, globals, token + ${one}u) + element] = sum${one} + bias[element]; }`,
    )
    .join("\n  ")}
}`;

function sharedCode(out: RowForm): string {
  const invocations = 4 * slices;
  return `${vectorWriter("write_out", "out", out, "sizes.hidden")}
var<workgroup> shares: array<vec4<f32>, ${invocations}>;

@compute @workgroup_size(${invocations})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  ${enter}
  let slice = lane % ${slices}u;
  let row = min(group.x * 4u + lane / ${slices}u, sizes.hidden - 1u);
  ${tokensOf.map((one) => `let start${one} = input_start(item, list, globals, token + ${one}u, row);`).join("\n  ")}
  var sums = vec4<f32>();
  for (var vector = slice; vector < sizes.vectors; vector += ${slices}u) {
    let w = read_weight(row * sizes.hidden, vector);
    sums += vec4<f32>(${tokensOf.map((one) => `dot(w, read_x(start${one}, vector))`).join(", ")});
  }
  shares[lane] = sums;
  for (var half = ${slices / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (slice < half) { shares[lane] += shares[lane + half]; }
  }
  workgroupBarrier();
  let own = token + lane;
  if (lane >= ${projectedTokens}u || own >= globals) { return; }
  let first = group.x * 4u;
  let value = vec4<f32>(${[0, 1, 2, 3].map((one) => `shares[${one * slices}u][lane] + bias[min(first + ${one}u, sizes.hidden - 1u)]`).join(", ")});
  write_out(output_start(item, list, globals, own), group.x, value);
}`;
}
