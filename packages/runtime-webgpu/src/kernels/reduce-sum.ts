import { elementCount } from "@longspan/core";
import { denseStrides } from "@longspan/core/adapter";
import type { Kernel, Storage } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { indexedEntryPoint, storageBuffers, uniformStruct } from "./parts/bindings.ts";
import { foldWorkgroups, packUniforms, rowRanges, rowsOf, wholeOperand } from "./parts/dispatching.ts";
import { rowCode, rowElements, rowReduction, rowWorkgroups, type RowElements, type RowReduction } from "./parts/row-reduction.ts";

const workgroupSize = 64;

/**
 * `out[…, 0, …] = Σ_i x[…, i, …]` along an axis, float32 or int32. float32 along the last axis goes by rows (see `rowReduction`); otherwise
 * an invocation sums for one element of out, x being seen as `[…, size, after]`, in workgroups of 64. Source: core's operation reduceSum.
 */
export const reduceSumKernels: OperationKernels = {
  operation: "reduceSum",
  plan({ inputs, outputs, attributes }, { facts }) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    const axis = Number(attributes.axis);
    const size = x.shape[axis] ?? 1;
    const after = denseStrides(x.shape)[axis] ?? 1;
    const sums = elementCount(out.shape);
    if (after > 1 || size === 0 || x.storage !== "float32") {
      return [
        {
          kernel: columnsKernel(x.storage),
          uniforms: packUniforms(sums, size, after),
          operands: [x, out].map((tensor) => wholeOperand(tensor, facts.limits)),
          workgroups: foldWorkgroups(Math.ceil(sums / workgroupSize), facts.limits),
          work: { floatingPointOperations: elementCount(x.shape), bytes: x.byteLength + out.byteLength },
        },
      ];
    }
    const elements = rowElements(size);
    const reduction = rowReduction(facts);
    return rowRanges(sums, [4 * size, 4], facts.limits).map((range) => ({
      kernel: rowsKernel(reduction, elements),
      uniforms: packUniforms(range.count, size / elements.perStep),
      operands: [rowsOf(x, 4 * size, range), rowsOf(out, 4, range)],
      workgroups: rowWorkgroups(reduction, range.count, facts),
      work: { floatingPointOperations: range.count * size, bytes: 4 * range.count * (size + 1) },
    }));
  },
};

function rowsKernel(reduction: RowReduction, { type, suffix, sum }: RowElements): Kernel {
  const buffers = storageBuffers({ x: type }, { out: "f32" });
  return {
    name: `reduce-sum-${reduction}${suffix}`,
    access: buffers.access,
    code: rowCode(reduction, {
      declarations: `
${uniformStruct("rows: u32, size: u32")}
${buffers.declarations}`,
      body: `
  var own = ${type}();
  for (var i = first; i < uniforms.size; i += step) { own += x[row * uniforms.size + i]; }
  let sum = sumOfRow(vec2<f32>(${sum("own")}, 0.0)).x;
  if (first == 0u) { out[row] = sum; }`,
    }),
  };
}

function columnsKernel(storage: Storage): Kernel {
  const type = storage === "int32" ? "i32" : "f32";
  const buffers = storageBuffers({ x: type }, { out: type });
  return {
    name: `reduce-sum-columns-${type}`,
    access: buffers.access,
    code: `
${uniformStruct("sums: u32, size: u32, after: u32")}
${buffers.declarations}
${indexedEntryPoint(workgroupSize)}
  if (index >= uniforms.sums) { return; }
  let start = index / uniforms.after * uniforms.size * uniforms.after + index % uniforms.after;
  var sum = ${type}();
  for (var i = 0u; i < uniforms.size; i++) { sum += x[start + i * uniforms.after]; }
  out[index] = sum;
}`,
  };
}
