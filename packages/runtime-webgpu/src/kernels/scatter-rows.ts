import { elementCount } from "@longspan/core";
import type { Kernel } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { foldWorkgroups, packUniforms, required, wholeOperand, workgroupIndex, workgroupParameters } from "./parts/dispatching.ts";
import { planCopy } from "./parts/strided-copy.ts";

const workgroupSize = 64;

/**
 * `out = x`, but `out[b, indices[b, p], …] = updates[b, p, …]`; float32 or int32 x `[batch, rows, …]`, int32 indices `[batch, places]`,
 * distinct in a batch element. A copy, then the updates, four words at a time (`-fours`) where rows are so wide. An index outside of x, which
 * core's reference refuses, changes nothing. Grid: workgroups of 64 over the updates. Source: core's operation scatterRows.
 */
export const scatterRowsKernels: OperationKernels = {
  operation: "scatterRows",
  plan({ inputs, outputs }, context) {
    const x = required(inputs[0]);
    const indices = required(inputs[1]);
    const updates = required(inputs[2]);
    const out = required(outputs[0]);
    const { limits } = context.facts;
    const copy = planCopy(
      "scatter-rows-copy",
      x,
      out,
      { axes: [{ size: elementCount(x.shape), strides: [1, 1] }], starts: [0, 0] },
      context,
    );
    const width = elementCount(x.shape.slice(2));
    const step = width % 4 === 0 ? 4 : 1;
    const count = elementCount(updates.shape) / step;
    if (count === 0) return copy;
    return [
      ...copy,
      {
        kernel: scatterKernel(step === 4 ? "vec4<u32>" : "u32"),
        uniforms: packUniforms(count, x.shape[1] ?? 0, indices.shape[1] ?? 0, width / step),
        operands: [indices, updates, out].map((tensor) => wholeOperand(tensor, limits)),
        workgroups: foldWorkgroups(Math.ceil(count / workgroupSize), limits),
        work: { floatingPointOperations: 0, bytes: indices.byteLength + 2 * updates.byteLength },
      },
    ];
  },
};

function scatterKernel(type: "u32" | "vec4<u32>"): Kernel {
  return {
    name: type === "u32" ? "scatter-rows" : "scatter-rows-fours",
    access: ["read", "read", "write"],
    code: `
struct Uniforms { count: u32, rows: u32, places: u32, width: u32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> updates: array<${type}>;
@group(0) @binding(3) var<storage, read_write> out: array<${type}>;
@compute @workgroup_size(${workgroupSize})
fn main(${workgroupParameters}) {
  let index = ${workgroupIndex} * ${workgroupSize}u + lane;
  if (index >= uniforms.count) { return; }
  let place = index / uniforms.width;
  let row = indices[place];
  if (row >= uniforms.rows) { return; }
  out[(place / uniforms.places * uniforms.rows + row) * uniforms.width + index % uniforms.width] = updates[index];
}`,
  };
}
