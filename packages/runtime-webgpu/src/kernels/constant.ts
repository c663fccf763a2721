import { attributeParsers } from "@longspan/core";
import type { Kernel } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { floatBits, packUniforms, required, wholeOperand } from "./dispatching.ts";

/** How many values the uniforms of one dispatch carry. */
const wordsAtOnce = 256;

const kernel: Kernel = {
  name: "constant",
  access: ["write"],
  code: `
struct Uniforms { first: u32, count: u32, words: array<vec4<u32>, ${wordsAtOnce / 4}> }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < uniforms.count) { out[uniforms.first + id.x] = uniforms.words[id.x / 4u][id.x % 4u]; }
}`,
};

/** Values written in the graph, any shape. Grid: one dispatch for 256 of them, workgroups of 64. Source: core's operation constant. */
export const constantKernels: OperationKernels = {
  operation: "constant",
  plan({ outputs, attributes: { values } }, { facts: { limits } }) {
    const out = required(outputs[0]);
    const words = required(attributeParsers.numberList.parse(required(values))).map((value) =>
      out.storage === "float32" ? floatBits(value) : value,
    );
    return Array.from({ length: Math.ceil(words.length / wordsAtOnce) }, (_, at) => {
      const first = at * wordsAtOnce;
      const some = words.slice(first, first + wordsAtOnce);
      const filled = Array.from({ length: wordsAtOnce }, (_, index) => some[index] ?? 0);
      return {
        kernel,
        uniforms: packUniforms(first, some.length, 0, 0, ...filled),
        operands: [wholeOperand(out, limits)],
        workgroups: [Math.ceil(some.length / 64), 1, 1],
        work: { floatingPointOperations: 0, bytes: 4 * some.length },
      };
    });
  },
};
