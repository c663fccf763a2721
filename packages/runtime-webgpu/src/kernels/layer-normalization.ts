import { elementCount } from "@longspan/core";
import type { Dispatch, Kernel } from "../kernel/kernel.ts";
import type { OperationKernels, PlanContext, SizedNode } from "../kernel/operation-kernels.ts";
import { floatBits, packUniforms, required, rowRanges, rowsOf, wholeOperand } from "./parts/dispatching.ts";
import { normalizationBody, normalizationOperations } from "./parts/normalization.ts";
import { rowCode, rowElements, rowReduction, rowWorkgroups, type RowElements, type RowReduction } from "./parts/row-reduction.ts";

/**
 * `out[…, i] = (x[…, i] - mean) / √(variance + epsilon) · scale[i] + shift[i]`, float32 `[…, size]`, scale and shift `[size]`.
 * Grid: see `rowReduction`. Source: core's operation layerNormalization.
 */
export const layerNormalizationKernels: OperationKernels = {
  operation: "layerNormalization",
  plan: (node, context) => planNormalization("layer-normalization", node, context),
};

/**
 * The same of `x + y`, both float32 `[…, size]`: the sum is never written. Source: the fused operation addNormalization.
 */
export const addNormalizationKernels: OperationKernels = {
  operation: "addNormalization",
  plan: (node, context) => planNormalization("add-normalization", node, context),
};

/** Inputs are the addends, then scale and shift. */
function planNormalization(name: string, { inputs, attributes, outputs }: SizedNode, { facts }: PlanContext): readonly Dispatch[] {
  const out = required(outputs[0]);
  const addends = inputs.slice(0, -2);
  const size = out.shape.at(-1) ?? 1;
  const elements = rowElements(size);
  const reduction = rowReduction(facts);
  const kernel = normalizationKernel(name, reduction, elements, addends.length);
  return rowRanges(elementCount(out.shape) / size, [4 * size], facts.limits).map((range) => ({
    kernel,
    uniforms: packUniforms(range.count, size / elements.perStep, floatBits(size), floatBits(Number(attributes.epsilon))),
    operands: [
      ...addends.map((tensor) => rowsOf(tensor, 4 * size, range)),
      ...inputs.slice(-2).map((tensor) => wholeOperand(tensor, facts.limits)),
      rowsOf(out, 4 * size, range),
    ],
    workgroups: rowWorkgroups(reduction, range.count, facts),
    work: {
      floatingPointOperations: (normalizationOperations + addends.length - 1) * size * range.count,
      bytes: 4 * size * ((addends.length + 1) * range.count + 2),
    },
  }));
}

function normalizationKernel(name: string, reduction: RowReduction, elements: RowElements, addends: number): Kernel {
  const { type, suffix } = elements;
  const names = Array.from({ length: addends }, (_, at) => `addend${at}`);
  return {
    name: `${name}-${reduction}${suffix}`,
    access: [...names.map(() => "read" as const), "read", "read", "write"],
    code: rowCode(reduction, {
      declarations: `
struct Uniforms { rows: u32, size: u32, elements: f32, epsilon: f32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
${names.map((addend, at) => `@group(0) @binding(${at + 1}) var<storage, read> ${addend}: array<${type}>;`).join("\n")}
@group(0) @binding(${addends + 1}) var<storage, read> scale: array<${type}>;
@group(0) @binding(${addends + 2}) var<storage, read> shift: array<${type}>;
@group(0) @binding(${addends + 3}) var<storage, read_write> out: array<${type}>;
fn elementOfRow(row: u32, i: u32) -> ${type} {
  let at = row * uniforms.size + i;
  return ${names.map((addend) => `${addend}[at]`).join(" + ")};
}`,
      body: normalizationBody(elements),
    }),
  };
}
