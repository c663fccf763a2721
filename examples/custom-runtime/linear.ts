/**
 * A linear layer: out[r, c] = Σ_i x[r, i] · weight[c, i] + bias[c]. x `[rows, inner]`, weight `[columns, inner]`, bias `[columns]`; float32,
 * summed in float64.
 */
export function linear(x: Float32Array, weight: Float32Array, bias: Float32Array | undefined, inner: number): Float32Array {
  const [rows, columns] = [x.length / inner, weight.length / inner];
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = bias?.[column] ?? 0;
      for (let i = 0; i < inner; i++) sum += (x[row * inner + i] ?? 0) * (weight[column * inner + i] ?? 0);
      out[row * columns + column] = sum;
    }
  }
  return out;
}
