import { elementCount } from "@longspan/core";
import type { Kernel } from "../kernel/kernel.ts";
import type { OperationKernels } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { storageBuffers, uniformStruct } from "./parts/bindings.ts";
import { packUniforms, rowRanges, rowsOf } from "./parts/dispatching.ts";
import { rowCode, rowElements, rowReduction, rowWorkgroups, type RowElements, type RowReduction } from "./parts/row-reduction.ts";

/**
 * `out[…, i] = e^(x[…, i] - max) / Σ_j e^(x[…, j] - max)`, float32 `[…, size]`. Grid: see `rowReduction`. What is as low as float32 goes, or
 * infinitely low, beside a larger number becomes 0. Source: core's operation softmax.
 */
export const softmaxKernels: OperationKernels = {
  operation: "softmax",
  plan({ inputs, outputs }, { facts }) {
    const x = required(inputs[0]);
    const out = required(outputs[0]);
    const size = x.shape.at(-1) ?? 1;
    const elements = rowElements(size);
    const reduction = rowReduction(facts);
    return rowRanges(elementCount(x.shape) / size, [4 * size], facts.limits).map((range) => ({
      kernel: softmaxKernel(reduction, elements),
      uniforms: packUniforms(range.count, size / elements.perStep),
      operands: [x, out].map((tensor) => rowsOf(tensor, 4 * size, range)),
      workgroups: rowWorkgroups(reduction, range.count, facts),
      work: { floatingPointOperations: 4 * size * range.count, bytes: 8 * size * range.count },
    }));
  },
};

function softmaxKernel(reduction: RowReduction, { type, suffix, sum, maximum }: RowElements): Kernel {
  const buffers = storageBuffers({ x: type }, { out: type });
  return {
    name: `softmax-${reduction}${suffix}`,
    access: buffers.access,
    code: rowCode(reduction, {
      declarations: `
${uniformStruct("rows: u32, size: u32")}
${buffers.declarations}`,
      body: `
  let start = row * uniforms.size;
  var largest = ${type}(-3.4028234663852886e38);
  for (var i = first; i < uniforms.size; i += step) { largest = max(largest, x[start + i]); }
  let maximum = maximumOfRow(${maximum("largest")});
  var own = ${type}();
  for (var i = first; i < uniforms.size; i += step) { own += exp(x[start + i] - maximum); }
  let sum = sumOfRow(vec2<f32>(${sum("own")})).x;
  for (var i = first; i < uniforms.size; i += step) { out[start + i] = exp(x[start + i] - maximum) / sum; }`,
    }),
  };
}
