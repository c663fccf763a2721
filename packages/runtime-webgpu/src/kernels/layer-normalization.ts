import { elementCount } from "@longspan/core";
import type { Dispatch, Kernel } from "../kernel/kernel.ts";
import type { OperationKernels, PlanContext, SizedNode } from "../kernel/operation-kernels.ts";
import { floatBits, packUniforms, required, rowRanges, rowsOf, wholeOperand } from "./parts/dispatching.ts";
import { floatBytes, floatStorage, foursType, halvesCode, unpackFours, type FloatStorage } from "./parts/float-storage.ts";
import { normalizationBody, normalizationOperations } from "./parts/normalization.ts";
import {
  heldElements,
  rowCode,
  rowElements,
  rowReduction,
  rowWorkgroups,
  type RowElements,
  type RowReduction,
} from "./parts/row-reduction.ts";

/**
 * `out[…, i] = (x[…, i] - mean) / √(variance + epsilon) · scale[i] + shift[i]`, float32 or float16 `[…, size]`, scale and shift float32 `[size]`.
 * Grid: see `rowReduction`. Source: core's operation layerNormalization.
 */
export const layerNormalizationKernels: OperationKernels = {
  operation: "layerNormalization",
  float16Inputs: [0],
  float16Outputs: [0],
  plan: (node, context) => planNormalization("layer-normalization", node, context),
};

/**
 * The same of `x + y`, both float32 or float16 `[…, size]`: the sum is never written. Source: the fused operation addNormalization.
 */
export const addNormalizationKernels: OperationKernels = {
  operation: "addNormalization",
  float16Inputs: [0, 1],
  float16Outputs: [0],
  plan: (node, context) => planNormalization("add-normalization", node, context),
};

/** Inputs are the addends, then scale and shift. */
function planNormalization(name: string, { inputs, attributes, outputs }: SizedNode, { facts }: PlanContext): readonly Dispatch[] {
  const out = required(outputs[0]);
  const addends = inputs.slice(0, -2);
  const size = out.shape.at(-1) ?? 1;
  const elements = rowElements(size);
  const reduction = rowReduction(facts);
  const storages = addends.map(({ storage }) => floatStorage(storage));
  const held = heldElements(reduction, size / elements.perStep);
  const kernel = normalizationKernel(name, reduction, elements, storages, floatStorage(out.storage), held);
  const rowBytes = [...addends, out].map(({ storage }) => floatBytes(storage) * size);
  return rowRanges(elementCount(out.shape) / size, rowBytes, facts.limits).map((range) => ({
    kernel,
    uniforms: packUniforms(range.count, size / elements.perStep, floatBits(size), floatBits(Number(attributes.epsilon))),
    operands: [
      ...addends.map((tensor) => rowsOf(tensor, floatBytes(tensor.storage) * size, range)),
      ...inputs.slice(-2).map((tensor) => wholeOperand(tensor, facts.limits)),
      rowsOf(out, floatBytes(out.storage) * size, range),
    ],
    workgroups: rowWorkgroups(reduction, range.count, facts),
    work: {
      floatingPointOperations: (normalizationOperations + addends.length - 1) * size * range.count,
      bytes: range.count * rowBytes.reduce((sum, bytes) => sum + bytes, 0) + 8 * size,
    },
  }));
}

function normalizationKernel(
  name: string,
  reduction: RowReduction,
  elements: RowElements,
  storages: readonly FloatStorage[],
  outStorage: FloatStorage,
  held: number,
): Kernel {
  const { type, suffix } = elements;
  const buffer = (storage: FloatStorage): string => (storage === "float16" ? foursType(storage) : type);
  const addends = storages.map((storage, at) => ({ storage, name: `addend${at}` }));
  const halves = [...storages, outStorage].includes("float16") ? `-${[...storages, "to", outStorage].join("-")}` : "";
  return {
    name: `${name}-${reduction}${suffix}${halves}${held === 0 ? "" : `-held-${held}`}`,
    access: [...addends.map(() => "read" as const), "read", "read", "write"],
    code: rowCode(reduction, {
      declarations: `
struct Uniforms { rows: u32, size: u32, elements: f32, epsilon: f32 }
@group(0) @binding(0) var<uniform> uniforms: Uniforms;
${addends.map((addend, at) => `@group(0) @binding(${at + 1}) var<storage, read> ${addend.name}: array<${buffer(addend.storage)}>;`).join("\n")}
@group(0) @binding(${addends.length + 1}) var<storage, read> scale: array<${type}>;
@group(0) @binding(${addends.length + 2}) var<storage, read> shift: array<${type}>;
@group(0) @binding(${addends.length + 3}) var<storage, read_write> out: array<${buffer(outStorage)}>;
${halvesCode(...storages, outStorage)}
fn elementOfRow(row: u32, i: u32) -> ${type} {
  let at = row * uniforms.size + i;
  return ${addends.map((addend) => unpackFours(addend.storage, `${addend.name}[at]`)).join(" + ")};
}`,
      body: normalizationBody(elements, outStorage, held),
    }),
  };
}
