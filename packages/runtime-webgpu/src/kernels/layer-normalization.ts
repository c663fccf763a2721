import { elementCount } from "@longspan/core";
import type { DeviceFacts } from "../kernel/device-facts.ts";
import type { DeviceTensor, Dispatch, Kernel } from "../kernel/kernel.ts";
import type { OperationKernels, PlanContext, SizedNode } from "../kernel/operation-kernels.ts";
import { required } from "../kernel/required.ts";
import { storageBuffers, uniformStruct } from "./parts/bindings.ts";
import { floatBits, packUniforms, rowRanges, rowsOf, wholeOperand } from "./parts/dispatching.ts";
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
  plan: (node, context) => planNormalization("layer-normalization", rowsOfNode(node), context),
};

/**
 * The same of `x + y`, both float32 or float16 `[…, size]`: the sum is never written. Source: the fused operation addNormalization.
 */
export const addNormalizationKernels: OperationKernels = {
  operation: "addNormalization",
  float16Inputs: [0, 1],
  float16Outputs: [0],
  plan: (node, context) => planNormalization("add-normalization", rowsOfNode(node), context),
};

/** Inputs are the addends, then scale and shift. */
function rowsOfNode({ inputs, attributes, outputs }: SizedNode): NormalizedRows {
  const [scale, shift] = inputs.slice(-2);
  return {
    addends: inputs.slice(0, -2),
    scale: required(scale),
    shift: required(shift),
    out: required(outputs[0]),
    epsilon: Number(attributes.epsilon),
  };
}

/** What is added, normalized, scaled and shifted. */
export interface NormalizedRows {
  readonly addends: readonly DeviceTensor[];
  readonly scale: DeviceTensor;
  readonly shift: DeviceTensor;
  readonly out: DeviceTensor;
  readonly epsilon: number;
}

/** Such rows with a product that is still in parts: partial sums `[count, rows, size]`, float32, which are added up with its bias `[size]`. */
export interface NormalizedParts extends NormalizedRows {
  readonly parts: { readonly tensor: DeviceTensor; readonly count: number; readonly bias: DeviceTensor };
}

export function planNormalization(name: string, rows: NormalizedRows, { facts }: Pick<PlanContext, "facts">): readonly Dispatch[] {
  const { addends, scale, shift, out, epsilon } = rows;
  const { size, elements, reduction, storages, outStorage, held, rowBytes } = formOfRows(rows, facts);
  const kernel = normalizationKernel(name, { reduction, elements, storages, outStorage, held, parts: false });
  return rowRanges(elementCount(out.shape) / size, rowBytes, facts.limits).map((range) => ({
    kernel,
    uniforms: packUniforms(range.count, size / elements.perStep, floatBits(size), floatBits(epsilon)),
    operands: [
      ...addends.map((tensor) => rowsOf(tensor, floatBytes(tensor.storage) * size, range)),
      ...[scale, shift].map((tensor) => wholeOperand(tensor, facts.limits)),
      rowsOf(out, floatBytes(out.storage) * size, range),
    ],
    workgroups: rowWorkgroups(reduction, range.count, facts),
    work: {
      floatingPointOperations: (normalizationOperations + addends.length - 1) * size * range.count,
      bytes: range.count * rowBytes.reduce((sum, bytes) => sum + bytes, 0) + 8 * size,
    },
  }));
}

/**
 * One dispatch; undefined where invocations do not keep their elements, so that they would add them up again and again, or where not all of it can be
 * bound at once.
 */
export function planNormalizationOfParts(rows: NormalizedParts, { facts }: Pick<PlanContext, "facts">): readonly Dispatch[] | undefined {
  const { addends, scale, shift, out, epsilon, parts } = rows;
  const { size, elements, reduction, storages, outStorage, held, rowBytes } = formOfRows(rows, facts);
  const count = elementCount(out.shape) / size;
  const fits = [parts.tensor, ...addends, out].every(({ byteLength }) => byteLength <= facts.limits.maxStorageBufferBindingSize);
  if (held === 0 || elements.perStep !== 4 || !fits) return undefined;
  const steps = size / elements.perStep;
  return [
    {
      kernel: normalizationKernel("split-normalization", { reduction, elements, storages, outStorage, held, parts: true }),
      uniforms: packUniforms(count, steps, floatBits(size), floatBits(epsilon), parts.count, count * steps),
      operands: [parts.tensor, parts.bias, ...addends, scale, shift, out].map((tensor) => ({ tensor })),
      workgroups: rowWorkgroups(reduction, count, facts),
      work: {
        floatingPointOperations: (normalizationOperations + parts.count + addends.length) * size * count,
        bytes: count * (rowBytes.reduce((sum, bytes) => sum + bytes, 0) + 4 * parts.count * size) + 12 * size,
      },
    },
  ];
}

function formOfRows({ addends, out }: NormalizedRows, facts: DeviceFacts) {
  const size = out.shape.at(-1) ?? 1;
  const elements = rowElements(size);
  const reduction = rowReduction(facts);
  return {
    size,
    elements,
    reduction,
    storages: addends.map(({ storage }) => floatStorage(storage)),
    outStorage: floatStorage(out.storage),
    held: heldElements(reduction, size / elements.perStep),
    rowBytes: [...addends, out].map(({ storage }) => floatBytes(storage) * size),
  };
}

interface NormalizationForm {
  readonly reduction: RowReduction;
  readonly elements: RowElements;
  /** Of the addends. */
  readonly storages: readonly FloatStorage[];
  readonly outStorage: FloatStorage;
  readonly held: number;
  readonly parts: boolean;
}

function normalizationKernel(name: string, { reduction, elements, storages, outStorage, held, parts }: NormalizationForm): Kernel {
  const { type, suffix } = elements;
  const elementType = (storage: FloatStorage): string => (storage === "float16" ? foursType(storage) : type);
  const addends = storages.map((storage, at) => ({ storage, name: `addend${at}` }));
  const halves = [...storages, outStorage].includes("float16") ? `-${[...storages, "to", outStorage].join("-")}` : "";
  const buffers = storageBuffers(
    {
      ...(parts ? { partial: type, bias: type } : {}),
      ...Object.fromEntries(addends.map((addend) => [addend.name, elementType(addend.storage)])),
      scale: type,
      shift: type,
    },
    { out: elementType(outStorage) },
  );
  const added = addends.map((addend) => unpackFours(addend.storage, `${addend.name}[at]`)).join(" + ");
  return {
    name: `${name}-${reduction}${suffix}${halves}${held === 0 ? "" : `-held-${held}`}`,
    access: buffers.access,
    code: rowCode(reduction, {
      declarations: `
${uniformStruct(`rows: u32, size: u32, elements: f32, epsilon: f32${parts ? ", parts: u32, part_steps: u32" : ""}`)}
${buffers.declarations}
${halvesCode(...storages, outStorage)}
fn elementOfRow(row: u32, i: u32) -> ${type} {
  let at = row * uniforms.size + i;
  ${parts ? `var sum = partial[at];\n  for (var part = 1u; part < uniforms.parts; part++) { sum += partial[part * uniforms.part_steps + at]; }` : ""}
  return ${parts ? "sum + bias[i] + " : ""}${added};
}`,
      body: normalizationBody(elements, outStorage, held),
    }),
  };
}
