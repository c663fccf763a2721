import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bindingAlignment } from "../kernels/parts/dispatching.ts";
import { placeTensors, type MemoryRequest } from "./place-tensors.ts";

const none = new Map<string, Set<string>>();
const request = (name: string, byteLength: number, first: number, last: number): MemoryRequest => ({ name, byteLength, first, last });

describe("placeTensors", () => {
  test("gives the memory of what is no longer needed to what comes after", () => {
    const { arenas, placements } = placeTensors([request("a", 1000, 0, 1), request("b", 1000, 1, 2), request("c", 1000, 2, 3)], none, 1e6);
    expect(arenas).toEqual([2048]);
    expect(placements.get("c")).toEqual(placements.get("a"));
  });

  test("puts into different arenas what one dispatch reads and writes", () => {
    const apart = new Map([
      ["a", new Set(["b"])],
      ["b", new Set(["a"])],
    ]);
    const { arenas } = placeTensors([request("a", 1000, 0, 1), request("b", 500, 1, 2)], apart, 1e6);
    expect(arenas).toEqual([1024, 512]);
  });

  test("opens another arena where one may not grow", () => {
    const { arenas } = placeTensors([request("a", 1000, 0, 9), request("b", 900, 0, 9), request("c", 256, 0, 9)], none, 1280);
    expect(arenas).toEqual([1280, 1024]);
  });

  test("is no larger than a buffer may be, also where that is no multiple of what offsets are", () => {
    expect(placeTensors([request("a", 1000, 0, 9)], none, 1020).arenas).toEqual([1000]);
  });

  test("never lets two tensors that live at once overlap, for any demands", () => {
    const demands = fc.array(
      fc.record({ byteLength: fc.integer({ min: 4, max: 5000 }), first: fc.nat(30), length: fc.nat(8), apartFrom: fc.nat(40) }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(demands, (drawn) => {
        const requests = drawn.map(({ byteLength, first, length }, index) => request(String(index), byteLength, first, first + length));
        const apart = new Map<string, Set<string>>();
        for (const [index, { apartFrom }] of drawn.entries()) {
          if (apartFrom >= drawn.length || apartFrom === index) continue;
          for (const [one, other] of [
            [index, apartFrom],
            [apartFrom, index],
          ] as const)
            apart.set(String(one), (apart.get(String(one)) ?? new Set()).add(String(other)));
        }
        const { arenas, placements } = placeTensors(requests, apart, 8192);
        for (const one of requests) {
          const place = placements.get(one.name) ?? { arena: -1, offset: -1 };
          expect(place.offset % bindingAlignment).toBe(0);
          expect(place.offset + one.byteLength).toBeLessThanOrEqual(arenas[place.arena] ?? 0);
          for (const other of requests) {
            const there = placements.get(other.name);
            if (one === other || there?.arena !== place.arena) continue;
            expect(apart.get(one.name)?.has(other.name) ?? false).toBe(false);
            const together = one.first <= other.last && other.first <= one.last;
            const overlap = place.offset < there.offset + other.byteLength && there.offset < place.offset + one.byteLength;
            expect(together && overlap).toBe(false);
          }
        }
      }),
    );
  });
});
