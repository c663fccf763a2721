import { elementCount } from "@longspan/core";
import { denseStrides } from "@longspan/core/adapter";
import type { Kernel } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { indexedEntryPoint, storageBuffers, uniformStruct } from "./parts/bindings.ts";
import { floatBits, foldWorkgroups, packUniforms, wholeOperand } from "./parts/dispatching.ts";
import { attributeDimension } from "./slice.ts";

const workgroupSize = 64;

function padKernel(): Kernel {
  const buffers = storageBuffers({ x: "u32" }, { out: "u32" });

  return {
    name: "pad",
    access: buffers.access,
    code: `
${uniformStruct("elements: u32, before: u32, size: u32, total: u32, after: u32, value: u32")}
${buffers.declarations}
${indexedEntryPoint(workgroupSize)}
  if (index >= uniforms.elements) { return; }
  let inner = index % uniforms.after;
  let row = index / uniforms.after;
  // Wraps to a large number in front of x.
  let place = row % uniforms.total - uniforms.before;
  var value = uniforms.value;
  if (place < uniforms.size) { value = x[(row / uniforms.total * uniforms.size + place) * uniforms.after + inner]; }
  out[index] = value;
}`,
  };
}

/**
 * Along an axis `before` times a value, then x, then `after` times the value; float32 or int32, any shape. Grid: workgroups of 64 over the
 * elements of out, which is seen as `[…, total, after]`. Source: core's operation pad.
 */
export const padKernels: OperationKernels = {
  operation: "pad",
  plan({ inputs, outputs, attributes }, { dimensions, facts: { limits } }) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    const axis = Number(attributes.axis);
    const elements = elementCount(out.shape);
    const value = x.storage === "float32" ? floatBits(Number(attributes.value)) : Number(attributes.value);
    const before = attributeDimension(attributes.before, dimensions);
    const after = denseStrides(out.shape)[axis] ?? 1;
    return [
      {
        kernel: padKernel(),
        uniforms: packUniforms(elements, before, x.shape[axis] ?? 0, out.shape[axis] ?? 0, after, value),
        operands: [wholeOperand(x, limits), wholeOperand(out, limits)],
        workgroups: foldWorkgroups(Math.ceil(elements / workgroupSize), limits),
        work: { floatingPointOperations: 0, bytes: x.byteLength + out.byteLength },
      },
    ];
  },
};
