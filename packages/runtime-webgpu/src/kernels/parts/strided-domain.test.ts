import { denseStrides } from "@longspan/core/adapter";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { domainSize, inFours, maxAxes, simplifyDomain, stretchedStrides, type StridedDomain } from "./strided-domain.ts";

/** Where each index stands in each tensor, in order: what a domain means. */
function placesOf({ axes, starts }: StridedDomain): readonly (readonly number[])[] {
  const [outer, ...inner] = axes;
  if (outer === undefined) return [starts];
  return Array.from({ length: outer.size }, (_, index) =>
    placesOf({ axes: inner, starts: starts.map((start, tensor) => start + index * (outer.strides[tensor] ?? 0)) }),
  ).flat();
}

const domains = fc
  .array(fc.record({ size: fc.integer({ min: 1, max: 3 }), strides: fc.tuple(fc.nat(40), fc.nat(40)) }), { maxLength: 6 })
  .chain((axes) => fc.record({ axes: fc.constant(axes), starts: fc.tuple(fc.nat(9), fc.nat(9)) }));

describe("strided domains", () => {
  test("keep their indices when simplified", () => {
    fc.assert(
      fc.property(domains, (domain) => {
        const simple = simplifyDomain(domain);
        expect(simple.flatMap(placesOf)).toEqual(placesOf(domain));
        expect(simple.reduce((sum, part) => sum + domainSize(part), 0)).toBe(domainSize(domain));
      }),
    );
  });

  test("have one axis where tensors are dense", () => {
    const strides = denseStrides([2, 3, 1, 4]);
    const axes = [2, 3, 1, 4].map((size, axis) => ({ size, strides: [strides[axis] ?? 0, strides[axis] ?? 0] }));
    expect(simplifyDomain({ axes, starts: [0, 5] })).toEqual([{ axes: [{ size: 24, strides: [1, 1] }], starts: [0, 5] }]);
  });

  test("of more axes than uniforms hold come apart", () => {
    const shape = Array.from({ length: maxAxes + 2 }, () => 2);
    const strides = denseStrides(shape);
    const domain = {
      axes: shape.map((size, axis) => ({ size, strides: [strides[axis] ?? 0, strides.at(-1 - axis) ?? 0] })),
      starts: [0, 0],
    };
    const simple = simplifyDomain(domain);
    expect(simple.length).toBe(4);
    expect(simple.flatMap(placesOf)).toEqual(placesOf(domain));
  });

  test("go by fours only where everything is a multiple of four", () => {
    fc.assert(
      fc.property(domains, (domain) => {
        const fours = inFours(domain);
        if (fours === undefined) return;
        expect(placesOf(fours).flatMap((places) => [0, 1, 2, 3].map((part) => places.map((place) => place * 4 + part)))).toEqual(
          placesOf(domain),
        );
      }),
    );
    const axes = [
      { size: 3, strides: [8, 4] },
      { size: 4, strides: [1, 1] },
    ];
    expect(inFours({ axes, starts: [4, 0] })).toEqual({
      axes: [
        { size: 3, strides: [2, 1] },
        { size: 1, strides: [1, 1] },
      ],
      starts: [1, 0],
    });
    expect(inFours({ axes, starts: [2, 0] })).toBe(undefined);
  });

  test("stretch as numpy does", () => {
    expect(stretchedStrides([3, 1], [2, 3, 4])).toEqual([0, 1, 0]);
    expect(stretchedStrides([], [2, 3])).toEqual([0, 0]);
  });
});
