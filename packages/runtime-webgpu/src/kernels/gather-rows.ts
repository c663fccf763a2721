import { elementCount } from "@longspan/core";
import type { Kernel } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { foldWorkgroups, packUniforms, required, wholeOperand, workgroupIndex, workgroupParameters } from "./parts/dispatching.ts";

const workgroupSize = 64;

/**
 * `out[b, p, …] = x[b, indices[b, p], …]`; float32 or int32 x `[batch, rows, …]`, int32 indices `[batch, places]`. Four words at a time
 * (`-fours`) where rows are so wide. An index outside of x, which core's reference refuses, takes the last row.
 * Grid: workgroups of 64 over out. Source: core's operation gatherRows.
 */
export const gatherRowsKernels: OperationKernels = {
  operation: "gatherRows",
  plan({ inputs, outputs }, { facts: { limits } }) {
    const x = required(inputs[0]);
    const indices = required(inputs[1]);
    const out = required(outputs[0]);
    const width = elementCount(x.shape.slice(2));
    const step = width % 4 === 0 ? 4 : 1;
    const count = elementCount(out.shape) / step;
    return [
      {
        kernel: gatherKernel(step === 4 ? "vec4<u32>" : "u32"),
        uniforms: packUniforms(count, x.shape[1] ?? 0, indices.shape[1] ?? 0, width / step),
        operands: [x, indices, out].map((tensor) => wholeOperand(tensor, limits)),
        workgroups: foldWorkgroups(Math.ceil(count / workgroupSize), limits),
        work: { floatingPointOperations: 0, bytes: indices.byteLength + 2 * out.byteLength },
      },
    ];
  },
};

function gatherKernel(type: "u32" | "vec4<u32>"): Kernel {
  return {
    name: type === "u32" ? "gather-rows" : "gather-rows-fours",
    access: ["read", "read", "write"],
    code: `
struct Uniforms { count: u32, rows: u32, places: u32, width: u32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> x: array<${type}>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<${type}>;
@compute @workgroup_size(${workgroupSize})
fn main(${workgroupParameters}) {
  let index = ${workgroupIndex} * ${workgroupSize}u + lane;
  if (index >= uniforms.count) { return; }
  let place = index / uniforms.width;
  let row = min(indices[place], uniforms.rows - 1u);
  out[index] = x[(place / uniforms.places * uniforms.rows + row) * uniforms.width + index % uniforms.width];
}`,
  };
}
