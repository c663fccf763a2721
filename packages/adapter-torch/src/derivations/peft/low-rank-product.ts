/** Sizes of a product `[rows, rank] · [rank, columns]`. */
export interface ProductSizes {
  readonly rows: number;
  readonly rank: number;
  readonly columns: number;
  /** Whether each step is a fused multiply-add (rounded once) or a product and a sum (rounded twice). */
  readonly fused: boolean;
}

/**
 * A matrix with fewer rows than this goes through another routine of torch's BLAS, one without fused steps. Measured with torch 2.13 on
 * x86-64 (MKL 2024.2), for every instruction set it offers.
 */
export const fusedFrom = 4;

/**
 * The product of two float32 matrices in C order, summed in float32 in the order of the rank: what torch's `@` gives on the processor, bit for bit, up
 * to a rank of 192, where its blocks begin. Factors are float32 values held in float64.
 */
export function lowRankProduct(left: Float64Array, right: Float64Array, { rows, rank, columns, fused }: ProductSizes): Float32Array {
  const product = new Float32Array(rows * columns);
  const addRow = fused ? addFused : addRounded;
  for (let row = 0; row < rows; row++) {
    const target = product.subarray(row * columns, (row + 1) * columns);
    for (let index = 0; index < rank; index++) addRow(target, left[row * rank + index] ?? 0, right, index * columns);
  }
  return product;
}

/** Adds a factor times a row of values, with two roundings. */
function addRounded(target: Float32Array, factor: number, values: Float64Array, first: number): void {
  for (let column = 0; column < target.length; column++)
    target[column] = Math.fround(factor * (values[first + column] as number)) + (target[column] as number);
}

/**
 * Adds a factor times a row of values, rounded to float32 once. The product of two float32 values is exact in float64; the sum there may not
 * be, and then the second rounding goes wrong in one case only: where the first gave the very middle between two float32 values.
 */
function addFused(target: Float32Array, factor: number, values: Float64Array, first: number): void {
  for (let column = 0; column < target.length; column++) {
    const product = factor * (values[first + column] as number);
    const sum = target[column] as number;
    const wide = product + sum;
    const near = Math.fround(wide);
    const rest = wide - near;
    const far = near + 2 * rest;
    target[column] = rest === 0 || Math.fround(far) !== far ? near : roundMiddle(product, sum, wide, near, far);
  }
}

/** Which of two neighbours the exact sum is nearer to, where the float64 sum lies in their middle. */
function roundMiddle(product: number, sum: number, wide: number, near: number, far: number): number {
  // Knuth's sum of errors: what the float64 sum left out.
  const virtual = wide - product;
  const error = product - (wide - virtual) + (sum - virtual);
  if (error === 0) return near;
  return error > 0 ? Math.max(near, far) : Math.min(near, far);
}
