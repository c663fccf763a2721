import { packFours, type FloatStorage } from "./float-storage.ts";
import type { RowElements } from "./row-reduction.ts";

/**
 * WGSL that normalizes a row: `out[i] = (x[i] - mean) / √(variance + epsilon) · scale[i] + shift[i]`, `x[i]` being `elementOfRow(row, i)`.
 * For the body of a `RowShader` with uniforms `size` (in steps), `elements`, `epsilon` and bindings `scale`, `shift`, `out`; float16 is written in
 * fours.
 *
 * Two passes before the one that writes: the first finds the mean, the second the squares of the deviations from it, and how far rounding
 * left the first mean from the true one. So a row of numbers that are large beside their differences loses nothing. `held` are the elements of a
 * row that an invocation keeps from pass to pass, as `heldElements` says; 0: it reads them anew.
 */
export function normalizationBody({ type, sum }: RowElements, outStorage: FloatStorage, held: number): string {
  const each =
    held === 0
      ? (statement: (element: string) => string): string =>
          `for (var i = first; i < uniforms.size; i += step) {\n    let element = elementOfRow(row, i);\n    ${statement("element")}\n  }`
      : (statement: (element: string) => string): string =>
          Array.from(
            { length: held },
            (_, at) =>
              `if (first + ${at}u * step < uniforms.size) {\n    let i = first + ${at}u * step;\n    ${statement(`held_${at}`)}\n  }`,
          ).join("\n");
  const reads = Array.from(
    { length: held },
    (_, at) => `var held_${at} = ${type}();
  if (first + ${at}u * step < uniforms.size) { held_${at} = elementOfRow(row, first + ${at}u * step); }`,
  );
  return `
  let start = row * uniforms.size;
  ${reads.join("\n")}
  var total = ${type}();
  ${each((element) => `total += ${element};`)}
  let mean = sumOfRow(vec2<f32>(${sum("total")}, 0.0)).x / uniforms.elements;
  var deviations = ${type}();
  var squares = ${type}();
  ${each((element) => `let deviation = ${element} - mean;\n    deviations += deviation;\n    squares += deviation * deviation;`)}
  let moments = sumOfRow(vec2<f32>(${sum("deviations")}, ${sum("squares")})) / uniforms.elements;
  let variance = max(moments.y - moments.x * moments.x, 0.0);
  let inverse = 1.0 / sqrt(variance + uniforms.epsilon);
  ${each((element) => `out[start + i] = ${packFours(outStorage, `(${element} - mean - moments.x) * inverse * scale[i] + shift[i]`)};`)}`;
}

/** Additions and multiplications for one element. */
export const normalizationOperations = 8;
