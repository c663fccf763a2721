import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quantizeRows, zeroCode } from "./quantize-rows.ts";

function quantized(values: Float32Array, columns: number): { readonly codes: Uint8Array; readonly scales: Float32Array } {
  const made = { codes: new Uint8Array(values.length), scales: new Float32Array(values.length / columns) };
  quantizeRows(values, columns, made.codes, made.scales);
  return made;
}

const matrix = fc.record({ columns: fc.integer({ min: 1, max: 9 }), rows: fc.integer({ min: 0, max: 5 }) }).chain(({ columns, rows }) =>
  fc.record({
    columns: fc.constant(columns),
    values: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: rows * columns, maxLength: rows * columns }),
  }),
);

describe("quantizeRows", () => {
  test("is off by half a scale at most, and no code is 0", () => {
    fc.assert(
      fc.property(matrix, ({ columns, values: list }) => {
        const values = Float32Array.from(list);
        const { codes, scales } = quantized(values, columns);
        for (const [row, scale] of scales.entries()) {
          for (let index = row * columns; index < (row + 1) * columns; index++) {
            const back = scale * ((codes[index] as number) - zeroCode);
            expect(Math.abs(back - (values[index] as number))).toBeLessThanOrEqual((scale / 2) * (1 + 1e-4));
            expect(codes[index]).toBeGreaterThan(0);
          }
        }
      }),
    );
  });

  test("rows have scales of their own, and rows of zeros stay zeros", () => {
    const { codes, scales } = quantized(Float32Array.of(127, -12.7, 0, 1e-3, -1e-3, 5e-4, 0, 0, 0), 3);
    expect([...scales]).toEqual([1, Math.fround(Math.fround(1e-3) / 127), 1]);
    expect([...codes]).toEqual([255, 115, 128, 255, 1, 192, 128, 128, 128]);
  });

  test("a row with a value that is not finite has a scale that is not", () => {
    const { scales } = quantized(Float32Array.of(1, Number.NaN, 2, 3, 4, -Infinity, 5, 6), 2);
    expect([...scales].map(Number.isFinite)).toEqual([false, true, false, true]);
  });
});
