import { elementCount } from "@longspan/core";
import { denseStrides } from "@longspan/core/adapter";
import type { DeviceTensor, Dispatch, Kernel, Storage } from "../../kernel/kernel.ts";
import type { PlanContext } from "../../kernel/operation-kernels.ts";
import { indexedEntryPoint, storageBuffers, uniformStruct } from "./bindings.ts";
import { foldWorkgroups, packUniforms, rowRanges, rowsOf, wholeOperand } from "./dispatching.ts";
import { domainSize, packDomain, simplifyDomain, stretchedStrides, stridedDeclarations } from "./strided-domain.ts";

/**
 * `out[i] = f(a[i], b[i], …)` for up to three inputs that stretch to the shape of the output, as numpy does.
 *
 * Where every input is of the output's shape, repeats along its first axes, or is one number, an invocation computes four elements
 * (`-fours`), and tensors over the binding limit go in ranges. Otherwise an invocation finds where its one element stands in each input.
 * Grid: workgroups of 64 over the elements.
 */
export interface ElementwiseKernel {
  readonly name: string;
  /** WGSL of the value from the inputs' values, for numbers and for vectors of four: `type` gives the type of either. */
  expression(inputs: readonly string[], type: TypeOf): string;
  /** WGSL of functions the expression calls. */
  declarations?(type: TypeOf): string;
  readonly operationsPerElement: number;
}

/** `f32` or `vec4<f32>`, as the kernel goes by ones or by fours. */
type TypeOf = (scalar: Scalar) => string;

/** float32, int32 and bool (0 or 1) in shaders. */
type Scalar = "f32" | "i32" | "u32";

const workgroupSize = 64;
/** Ranges of a tensor begin where bindings may: at multiples of 64 elements. */
const rangeElements = 64;

const scalars: Readonly<Partial<Record<Storage, Scalar>>> = { float32: "f32", int32: "i32", bool: "u32" };

const scalarOf = (tensor: DeviceTensor): Scalar => scalars[tensor.storage] ?? "f32";

export function planElementwise(
  kernel: ElementwiseKernel,
  inputs: readonly DeviceTensor[],
  out: DeviceTensor,
  context: PlanContext,
): readonly Dispatch[] {
  const elements = elementCount(out.shape);
  const passings = inputs.map((input) => passingOf(input, out));
  return elements % 4 === 0 && passings.every((passing) => passing !== "strided")
    ? planFours(kernel, inputs, passings, out, context)
    : planStrided(kernel, inputs, out, context);
}

/** How an input goes through the elements of the output. */
type Passing = "whole" | "repeated" | "single" | "strided";

function passingOf({ shape }: DeviceTensor, out: DeviceTensor): Passing {
  const own = elementCount(shape);
  if (own === elementCount(out.shape)) return "whole";
  if (own === 1) return "single";
  const from = shape.findIndex((size) => size !== 1);
  const suffix = shape.slice(from);
  const matches = suffix.every((size, axis) => size === out.shape[out.shape.length - suffix.length + axis]);
  return matches && own % 4 === 0 ? "repeated" : "strided";
}

function planFours(
  kernel: ElementwiseKernel,
  inputs: readonly DeviceTensor[],
  passings: readonly Passing[],
  out: DeviceTensor,
  { facts: { limits } }: PlanContext,
): readonly Dispatch[] {
  const elements = elementCount(out.shape);
  const code = foursCode(kernel, inputs, passings, out);
  const rangeBytes = rangeElements * 4;
  return rowRanges(Math.ceil(elements / rangeElements), [rangeBytes], limits).map((range) => {
    const fours = Math.min(range.count * rangeElements, elements - range.first * rangeElements) / 4;
    const periods = inputs.map(({ shape }) => Math.max(1, elementCount(shape) / 4));
    const work = {
      floatingPointOperations: kernel.operationsPerElement * fours * 4,
      bytes: 16 * fours + inputs.reduce((sum, input, at) => sum + (passings[at] === "whole" ? 16 * fours : input.byteLength), 0),
    };
    return {
      kernel: code,
      uniforms: packUniforms(fours, (range.first * rangeElements) / 4, 0, 0, ...periods),
      operands: [
        ...inputs.map((input, at) => (passings[at] === "whole" ? rowsOf(input, rangeBytes, range) : wholeOperand(input, limits))),
        rowsOf(out, rangeBytes, range),
      ],
      workgroups: foldWorkgroups(Math.ceil(fours / workgroupSize), limits),
      work,
    };
  });
}

function foursCode(kernel: ElementwiseKernel, inputs: readonly DeviceTensor[], passings: readonly Passing[], out: DeviceTensor): Kernel {
  const type: TypeOf = (scalar) => `vec4<${scalar}>`;
  const values = inputs.map((input, at) => {
    if (passings[at] === "single") return `${type(scalarOf(input))}(input${at}[0])`;
    return passings[at] === "whole" ? `input${at}[index]` : `input${at}[(uniforms.first + index) % uniforms.periods[${at}]]`;
  });
  const buffers = elementBuffers(inputs, out, (tensor, at) => (passings[at] === "single" ? scalarOf(tensor) : type(scalarOf(tensor))));
  const repeats = passings.filter((passing) => passing !== "whole").join("-");
  return {
    name: `${kernel.name}-fours${repeats === "" ? "" : `-${repeats}`}`,
    access: buffers.access,
    code: `
${uniformStruct("fours: u32, first: u32, periods: vec4<u32>")}
${buffers.declarations}
${kernel.declarations?.(type) ?? ""}
${indexedEntryPoint(workgroupSize)}
  if (index >= uniforms.fours) { return; }
  out[index] = ${kernel.expression(values, type)};
}`,
  };
}

function planStrided(
  kernel: ElementwiseKernel,
  inputs: readonly DeviceTensor[],
  out: DeviceTensor,
  { facts: { limits } }: PlanContext,
): readonly Dispatch[] {
  const none = out.shape.map(() => 0);
  const strides = [
    ...inputs.map(({ shape }) => stretchedStrides(shape, out.shape)),
    ...Array.from({ length: 3 - inputs.length }, () => none),
  ];
  strides.push(denseStrides(out.shape));
  const axes = out.shape.map((size, axis) => ({ size, strides: strides.map((own) => own[axis] ?? 0) }));
  const type: TypeOf = (scalar) => scalar;
  const buffers = elementBuffers(inputs, out, scalarOf);
  const code: Kernel = {
    name: `${kernel.name}-strided`,
    access: buffers.access,
    code: `${stridedDeclarations()}
${buffers.declarations}
${kernel.declarations?.(type) ?? ""}
${indexedEntryPoint(workgroupSize)}
  if (index >= uniforms.elements) { return; }
  let places = placesOf(index);
  out[uniforms.outStart + index] = ${kernel.expression(
    inputs.map((_, at) => `input${at}[places[${at}]]`),
    type,
  )};
}`,
  };
  return simplifyDomain({ axes, starts: strides.map(() => 0) }).map((domain) => ({
    kernel: code,
    uniforms: packDomain(domain),
    operands: [...inputs, out].map((tensor) => wholeOperand(tensor, limits)),
    workgroups: foldWorkgroups(Math.ceil(domainSize(domain) / workgroupSize), limits),
    work: {
      floatingPointOperations: kernel.operationsPerElement * domainSize(domain),
      bytes: [...inputs, out].reduce((sum, { byteLength }) => sum + byteLength, 0),
    },
  }));
}

function elementBuffers(inputs: readonly DeviceTensor[], out: DeviceTensor, typeOf: (tensor: DeviceTensor, at: number) => string) {
  return storageBuffers(Object.fromEntries(inputs.map((input, at) => [`input${at}`, typeOf(input, at)])), {
    out: typeOf(out, inputs.length),
  });
}
