import { denseStrides } from "@longspan/core/adapter";
import { uniformStruct } from "./bindings.ts";
import { packUniforms } from "./dispatching.ts";

/** The indices of a loop nest, and where each of them stands in several dense or stretched tensors. */
export interface StridedDomain {
  readonly axes: readonly StridedAxis[];
  /** Where the first index stands in each tensor. */
  readonly starts: readonly number[];
}

interface StridedAxis {
  readonly size: number;
  /** The step of each tensor along the axis, in elements; 0 where it stretches. */
  readonly strides: readonly number[];
}

/** The axes that fit a kernel's uniforms: `array<vec4<u32>, 8>`, the size and up to three strides each. */
export const maxAxes = 8;

/** Strides of a dense tensor stretched to `target` as numpy does: aligned at the last axis, 0 along sizes of 1. */
export function stretchedStrides(shape: readonly number[], target: readonly number[]): readonly number[] {
  const dense = denseStrides(shape);
  return target.map((_, axis) => {
    const own = axis - target.length + shape.length;
    return shape[own] === undefined || shape[own] === 1 ? 0 : (dense[own] ?? 0);
  });
}

/**
 * The same indices in the same order with as few axes as possible: sizes of 1 go, and neighbours that every tensor runs through in one
 * become one. More than `maxAxes` (a permutation of many axes) become several domains, one for each index of the outer ones.
 */
export function simplifyDomain({ axes, starts }: StridedDomain): readonly StridedDomain[] {
  const merged: StridedAxis[] = [];
  for (const axis of axes.toReversed()) {
    const inner = merged[0];
    if (axis.size === 1) continue;
    if (inner !== undefined && axis.strides.every((stride, tensor) => stride === (inner.strides[tensor] ?? 0) * inner.size))
      merged[0] = { size: axis.size * inner.size, strides: inner.strides };
    else merged.unshift(axis);
  }
  return split({ axes: merged, starts });
}

function split({ axes, starts }: StridedDomain): readonly StridedDomain[] {
  const [outer, ...inner] = axes;
  if (outer === undefined || axes.length <= maxAxes) return [{ axes, starts }];
  return Array.from({ length: outer.size }, (_, index) =>
    split({ axes: inner, starts: starts.map((start, tensor) => start + index * (outer.strides[tensor] ?? 0)) }),
  ).flat();
}

/** A domain in steps of four elements of its last axis, if all tensors are dense along it and everything is a multiple of four. */
export function inFours({ axes, starts }: StridedDomain): StridedDomain | undefined {
  const last = axes.at(-1);
  if (last === undefined || last.strides.some((stride) => stride !== 1)) return undefined;
  const outer = axes.slice(0, -1);
  const numbers = [last.size, ...starts, ...outer.flatMap(({ strides }) => strides)];
  if (numbers.some((number) => number % 4 !== 0)) return undefined;
  return {
    axes: [
      ...outer.map(({ size, strides }) => ({ size, strides: strides.map((stride) => stride / 4) })),
      { size: last.size / 4, strides: last.strides },
    ],
    starts: starts.map((start) => start / 4),
  };
}

/** How many indices there are. */
export function domainSize({ axes }: StridedDomain): number {
  return axes.reduce((product, { size }) => product * size, 1);
}

/** The uniforms of `stridedDeclarations`. */
export function packDomain(domain: StridedDomain): ArrayBuffer {
  const [first = 0, second = 0, third = 0, out = 0] = domain.starts;
  return packUniforms(
    first,
    second,
    third,
    domainSize(domain),
    domain.axes.length,
    out,
    0,
    0,
    ...Array.from({ length: maxAxes }, (_, axis) => domain.axes[axis]).flatMap((axis) => {
      const [one = 0, two = 0, three = 0] = axis?.strides ?? [];
      return [axis?.size ?? 1, one, two, three];
    }),
  );
}

/**
 * WGSL: the uniforms of a domain, and the function that finds where an index stands in up to three tensors. `outStart` is where the first index stands in a
 * fourth tensor, which the domain runs through in one.
 */
export function stridedDeclarations(): string {
  return `
${uniformStruct(`starts: vec3<u32>, elements: u32, rank: u32, outStart: u32, axes: array<vec4<u32>, ${maxAxes}>,`)}
fn placesOf(index: u32) -> vec3<u32> {
  var places = uniforms.starts;
  var rest = index;
  for (var axis = uniforms.rank; axis > 0u; axis--) {
    let now = uniforms.axes[axis - 1u];
    places += (rest % now.x) * now.yzw;
    rest /= now.x;
  }
  return places;
}`;
}
