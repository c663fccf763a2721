/** The code that stands for 0: codes are int8 values moved into uint8, -127 … 127 as 1 … 255. */
export const zeroCode = 128;

const largestCode = 127;

/**
 * The scale of each row of a matrix: its largest magnitude is the largest code. A row of zeros has 1.
 * @param values C order, `[rows, columns]`
 */
export function rowScales(values: Float32Array, columns: number): Float32Array {
  const scales = new Float32Array(columns === 0 ? 0 : values.length / columns);
  for (let row = 0; row < scales.length; row++) {
    let largest = 0;
    for (let index = row * columns; index < (row + 1) * columns; index++) largest = Math.max(largest, Math.abs(values[index] as number));
    // A scale that rounds to 0 would divide by it.
    scales[row] = Math.fround(largest / largestCode) || 1;
  }
  return scales;
}

/**
 * Symmetric 8-bit quantization, a scale for each row: `value ≈ scale · (code - zeroCode)`, off by half a scale at most. As uint8: with signed
 * weights onnxruntime's kernels for processors without VNNI saturate sums of two products in 16 bits (onnxruntime.ai, "Quantize ONNX models",
 * U8S8 and U8U8).
 */
export function quantizeRows(values: Float32Array, columns: number, scales: Float32Array): Uint8Array {
  const codes = new Uint8Array(values.length);
  for (const [row, scale] of scales.entries()) {
    for (let index = row * columns; index < (row + 1) * columns; index++) {
      const code = Math.round((values[index] as number) / scale);
      codes[index] = zeroCode + Math.max(-largestCode, Math.min(largestCode, code));
    }
  }
  return codes;
}
