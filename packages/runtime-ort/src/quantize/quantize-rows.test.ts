import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quantizeRows, rowScales, zeroCode } from "./quantize-rows.ts";

const matrix = fc.record({ columns: fc.integer({ min: 1, max: 9 }), rows: fc.integer({ min: 0, max: 5 }) }).chain(({ columns, rows }) =>
  fc.record({
    columns: fc.constant(columns),
    values: fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: rows * columns, maxLength: rows * columns }),
  }),
);

describe("quantizeRows", () => {
  test("is off by half a scale at most, and the largest value of a row has the largest code", () => {
    fc.assert(
      fc.property(matrix, ({ columns, values: list }) => {
        const values = Float32Array.from(list);
        const scales = rowScales(values, columns);
        const codes = quantizeRows(values, columns, scales);
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
    const values = Float32Array.of(127, -12.7, 0, 1e-3, -1e-3, 5e-4, 0, 0, 0);
    const scales = rowScales(values, 3);
    expect([...scales]).toEqual([1, Math.fround(Math.fround(1e-3) / 127), 1]);
    expect([...quantizeRows(values, 3, scales)]).toEqual([255, 115, 128, 255, 1, 192, 128, 128, 128]);
  });
});
