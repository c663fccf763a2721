import type { Kernel } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { elementsOf, foldWorkgroups, packUniforms, required, wholeOperand, workgroupIndex, workgroupParameters } from "./dispatching.ts";

const workgroupSize = 64;

const kernel: Kernel = {
  name: "band",
  access: ["write"],
  code: `
struct Uniforms { elements: u32, columns: u32, lower: i32, upper: i32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(${workgroupSize})
fn main(${workgroupParameters}) {
  let index = ${workgroupIndex} * ${workgroupSize}u + lane;
  if (index >= uniforms.elements) { return; }
  let distance = i32(index % uniforms.columns) - i32(index / uniforms.columns);
  out[index] = u32(uniforms.lower <= distance && distance <= uniforms.upper);
}`,
};

/** `out[row, column] = lower <= column - row <= upper`, 0 or 1. Grid: workgroups of 64 over the elements. Source: core's operation band. */
export const bandKernels: OperationKernels = {
  operation: "band",
  plan({ outputs, attributes: { lower, upper } }, { facts: { limits } }) {
    const out = required(outputs[0]);
    const elements = elementsOf(out.shape);
    return [
      {
        kernel,
        uniforms: packUniforms(elements, out.shape[1] ?? 1, clampToInteger(Number(lower)), clampToInteger(Number(upper))),
        operands: [wholeOperand(out, limits)],
        workgroups: foldWorkgroups(Math.ceil(elements / workgroupSize), limits),
        work: { floatingPointOperations: 0, bytes: 4 * elements },
      },
    ];
  },
};

/** Any whole number may bound a band; beyond 31 bits none is reached. */
function clampToInteger(bound: number): number {
  return Math.min(2 ** 31 - 1, Math.max(-(2 ** 31), bound));
}
