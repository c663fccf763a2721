/** The code that stands for 0: codes are int8 values moved into uint8, -127 … 127 as 1 … 255. */
export const zeroCode = 128;

const maxCode = 127;

/**
 * Symmetric 8-bit quantization of a matrix, a scale for each row: `value ≈ scale · (code - zeroCode)`, off by half a scale at most. The scale
 * makes a row's largest magnitude the largest code; a row of zeros has 1, one with values that are not finite has NaN or infinity. As uint8: with signed weights onnxruntime's kernels for processors
 * without VNNI saturate sums of two products in 16 bits (onnxruntime.ai, "Quantize ONNX models", U8S8 and U8U8).
 * @param values C order, `[rows, columns]`
 * @param codes gets them; as long as `values`
 * @param scales gets them; `[rows]`
 */
export function quantizeRows(values: Float32Array, columns: number, codes: Uint8Array, scales: Float32Array): void {
  for (let row = 0; row < scales.length; row++) {
    const [start, end] = [row * columns, (row + 1) * columns];
    let largest = 0;
    for (let index = start; index < end; index++) {
      const magnitude = Math.abs(values[index] as number);
      if (magnitude > largest) largest = magnitude;
    }
    // What is so small that its scale would round to 0 is 0.
    const scale = Math.fround(largest / maxCode) || 1;
    scales[row] = scale;
    for (let index = start; index < end; index++) {
      const code = Math.round((values[index] as number) / scale);
      if (Number.isNaN(code)) scales[row] = code;
      codes[index] = zeroCode + (code > maxCode ? maxCode : code < -maxCode ? -maxCode : code);
    }
  }
}
