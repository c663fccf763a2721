import fc from "fast-check";
import { expect, test } from "vitest";
import { multiplyTransposed } from "./matrix-product.ts";
import { seededNormal } from "../../testing/seeded-tensor.ts";

test("is the sum of products, and an element does not depend on what is beside it", () => {
  const size = fc.integer({ min: 1, max: 13 });
  fc.assert(
    fc.property(size, fc.integer({ min: 1, max: 70 }), size, fc.nat(99), (rows, columns, inner, seed) => {
      const left = seededNormal(seed, [rows, inner]).data;
      const right = seededNormal(seed + 1, [columns, inner]).data;
      const bias = seededNormal(seed + 2, [columns]).data;
      const out = new Float32Array(rows * columns);
      multiplyTransposed(left, right, out, { rows, columns, inner }, bias);
      for (let row = 0; row < rows; row++) {
        const alone = new Float32Array(columns);
        multiplyTransposed(left, right, alone, { rows: 1, columns, inner, leftOffset: row * inner }, bias);
        expect(out.slice(row * columns, (row + 1) * columns)).toEqual(alone);
        for (let column = 0; column < columns; column++) {
          let sum = 0;
          for (let k = 0; k < inner; k++) sum += (left[row * inner + k] ?? 0) * (right[column * inner + k] ?? 0);
          expect(alone[column]).toBe(Math.fround(sum + (bias[column] ?? 0)));
        }
      }
    }),
    { numRuns: 40 },
  );
});
