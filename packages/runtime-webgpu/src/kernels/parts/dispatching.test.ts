import { LongspanError } from "@longspan/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DeviceTensor } from "../../kernel/kernel.ts";
import { defaultFacts } from "../../testing/default-facts.ts";
import { bindingAlignment, floatBits, foldWorkgroups, packUniforms, rowRanges, rowsOf, wholeOperand } from "./dispatching.ts";

const { limits } = defaultFacts;
const tensor = (rows: number, rowBytes: number): DeviceTensor => ({
  name: "table",
  shape: [rows, rowBytes / 4],
  storage: "float32",
  byteLength: Math.ceil((rows * rowBytes) / 4) * 4,
});

describe("dispatching", () => {
  test("packs words, floats and negative numbers to multiples of 16 bytes", () => {
    const packed = packUniforms(7, -1, floatBits(0.5), 0, 1);
    expect(packed.byteLength).toBe(32);
    expect(new Uint32Array(packed)[0]).toBe(7);
    expect(new Int32Array(packed)[1]).toBe(-1);
    expect(new Float32Array(packed)[2]).toBe(0.5);
  });

  test("folds workgroups into two dimensions, with few to spare", () => {
    expect(foldWorkgroups(1, limits)).toEqual([1, 1, 1]);
    expect(foldWorkgroups(65_535, limits)).toEqual([65_535, 1, 1]);
    expect(foldWorkgroups(65_536, limits)).toEqual([32_768, 2, 1]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), (count) => {
        const [x, y] = foldWorkgroups(count, limits);
        expect(x * y).toBeGreaterThanOrEqual(count);
        expect(x * y - count).toBeLessThan(y);
        expect(Math.max(x, y)).toBeLessThanOrEqual(65_535);
      }),
    );
  });

  test("splits rows into runs that may be bound", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 600 }), fc.constantFrom(2, 4), (rows, width, bytes) => {
        const rowBytes = width * bytes;
        const small = { ...limits, maxStorageBufferBindingSize: 2 ** 18 };
        const whole = { ...tensor(rows, rowBytes), name: "table" };
        let next = 0;
        for (const range of rowRanges(rows, [rowBytes], small)) {
          expect(range.first).toBe(next);
          next += range.count;
          const { byteOffset = 0, byteLength = whole.byteLength - byteOffset } = rowsOf(whole, rowBytes, range);
          expect(byteOffset % bindingAlignment).toBe(0);
          expect(byteOffset).toBe(range.first * rowBytes);
          expect(byteLength).toBeLessThanOrEqual(small.maxStorageBufferBindingSize);
          expect(byteLength % 4).toBe(0);
          expect(byteLength).toBeGreaterThanOrEqual(range.count * rowBytes);
          expect(byteOffset + byteLength).toBeLessThanOrEqual(whole.byteLength);
        }
        expect(next).toBe(rows);
      }),
    );
  });

  test("base's table takes two runs, a table that fits one", () => {
    expect(rowRanges(50_265, [3072], limits)).toEqual([
      { first: 0, count: 43_690 },
      { first: 43_690, count: 6575 },
    ]);
    expect(rowRanges(50_265, [1536], limits)).toEqual([{ first: 0, count: 50_265 }]);
    // Where rows are an axis of the grid; runs of rows of 12 bytes begin at every 64th.
    expect(rowRanges(70_000, [12], limits, 65_535)).toEqual([
      { first: 0, count: 65_472 },
      { first: 65_472, count: 4_528 },
    ]);
    expect(rowsOf(tensor(9, 16), 16, { first: 0, count: 9 })).toEqual({ tensor: tensor(9, 16) });
  });

  test("says what is over the limit, and what to do", () => {
    const refused = (run: () => unknown): unknown => {
      try {
        run();
      } catch (error) {
        return LongspanError.isInstance(error) ? `${error.code}: ${error.message}` : error;
      }
      return undefined;
    };
    expect(refused(() => wholeOperand(tensor(2 ** 20, 256), limits))).toMatch(
      /^device-limit: "table" \[1048576, 64\] takes 268435456 bytes; this device binds at most 134217728 .*smaller batch/,
    );
    expect(refused(() => rowRanges(9, [2 ** 27 + 4], limits))).toMatch(/^device-limit: 64 rows of 134217732 bytes/);
  });
});
