import { packFours, type FloatStorage } from "./float-storage.ts";
import type { RowElements } from "./row-reduction.ts";

/**
 * WGSL that normalizes a row: `out[i] = (x[i] - mean) / √(variance + epsilon) · scale[i] + shift[i]`, `x[i]` being `elementOfRow(row, i)`.
 * For the body of a `RowShader` with uniforms `size` (in steps), `elements`, `epsilon` and bindings `scale`, `shift`, `out`; float16 is written in
 * fours.
 *
 * Two passes before the one that writes: the first finds the mean, the second the squares of the deviations from it, and how far rounding
 * left the first mean from the true one. So a row of numbers that are large beside their differences loses nothing.
 */
export function normalizationBody({ type, sum }: RowElements, outStorage: FloatStorage): string {
  return `
  let start = row * uniforms.size;
  var total = ${type}();
  for (var i = first; i < uniforms.size; i += step) { total += elementOfRow(row, i); }
  let mean = sumOfRow(vec2<f32>(${sum("total")}, 0.0)).x / uniforms.elements;
  var deviations = ${type}();
  var squares = ${type}();
  for (var i = first; i < uniforms.size; i += step) {
    let deviation = elementOfRow(row, i) - mean;
    deviations += deviation;
    squares += deviation * deviation;
  }
  let moments = sumOfRow(vec2<f32>(${sum("deviations")}, ${sum("squares")})) / uniforms.elements;
  let variance = max(moments.y - moments.x * moments.x, 0.0);
  let inverse = 1.0 / sqrt(variance + uniforms.epsilon);
  for (var i = first; i < uniforms.size; i += step) {
    out[start + i] = ${packFours(outStorage, "(elementOfRow(row, i) - mean - moments.x) * inverse * scale[i] + shift[i]")};
  }`;
}

/** Additions and multiplications for one element. */
export const normalizationOperations = 8;
