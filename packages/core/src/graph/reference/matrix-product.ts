/** Where the three matrices lie: all dense in C order, from their offsets on. */
export interface MatrixProductLayout {
  readonly rows: number;
  readonly columns: number;
  /** Length of the sums. */
  readonly inner: number;
  readonly leftOffset?: number;
  readonly rightOffset?: number;
  readonly outOffset?: number;
}

/** Columns whose right-hand rows stay in the cache while all left-hand rows pass by. */
const columnBlock = 64;

/**
 * `out[i, j] = Σ_k left[i, k] · right[j, k] + bias[j]`: the right matrix lies transposed, so that both are read along their rows.
 * Sums are kept in float64 and always run in the order of `k`, so that an element does not depend on what is computed beside it;
 * four by four elements at a time share what they read.
 */
export function multiplyTransposed(
  left: Float32Array,
  right: Float32Array,
  out: Float32Array,
  layout: MatrixProductLayout,
  bias?: Float32Array,
): void {
  const { rows, columns } = layout;
  const product: Product = { leftOffset: 0, rightOffset: 0, outOffset: 0, ...layout, left, right, out, bias };
  for (let block = 0; block < columns; block += columnBlock) {
    const blockEnd = Math.min(columns, block + columnBlock);
    for (let row = 0; row < rows; row += 4) {
      for (let column = block; column < blockEnd; column += 4) {
        if (row + 4 <= rows && column + 4 <= blockEnd) multiplyTile(product, row, column);
        else multiplyEdge(product, row, column, blockEnd);
      }
    }
  }
}

/** Sum of `left[i] · right[i]` over `length` elements, in float64. */
export function dotProduct(left: Float32Array, leftOffset: number, right: Float32Array, rightOffset: number, length: number): number {
  let sum = 0;
  for (let index = 0; index < length; index++) sum += (left[leftOffset + index] as number) * (right[rightOffset + index] as number);
  return sum;
}

/** The transpose of a dense matrix. */
export function transposed(matrix: Float32Array, offset: number, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = matrix[offset + row * columns + column] as number;
  }
  return out;
}

/** A product and its matrices. */
interface Product extends Required<MatrixProductLayout> {
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly out: Float32Array;
  readonly bias: Float32Array | undefined;
}

function multiplyTile(
  { left, right, out, bias, inner, columns, leftOffset, rightOffset, outOffset }: Product,
  row: number,
  column: number,
): void {
  const l0 = leftOffset + row * inner;
  const l1 = l0 + inner;
  const l2 = l1 + inner;
  const l3 = l2 + inner;
  const r0 = rightOffset + column * inner;
  const r1 = r0 + inner;
  const r2 = r1 + inner;
  const r3 = r2 + inner;
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  for (let k = 0; k < inner; k++) {
    const a0 = left[l0 + k] as number;
    const a1 = left[l1 + k] as number;
    const a2 = left[l2 + k] as number;
    const a3 = left[l3 + k] as number;
    const b0 = right[r0 + k] as number;
    const b1 = right[r1 + k] as number;
    const b2 = right[r2 + k] as number;
    const b3 = right[r3 + k] as number;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  const c0 = bias?.[column] ?? 0;
  const c1 = bias?.[column + 1] ?? 0;
  const c2 = bias?.[column + 2] ?? 0;
  const c3 = bias?.[column + 3] ?? 0;
  let at = outOffset + row * columns + column;
  out[at] = s00 + c0;
  out[at + 1] = s01 + c1;
  out[at + 2] = s02 + c2;
  out[at + 3] = s03 + c3;
  at += columns;
  out[at] = s10 + c0;
  out[at + 1] = s11 + c1;
  out[at + 2] = s12 + c2;
  out[at + 3] = s13 + c3;
  at += columns;
  out[at] = s20 + c0;
  out[at + 1] = s21 + c1;
  out[at + 2] = s22 + c2;
  out[at + 3] = s23 + c3;
  at += columns;
  out[at] = s30 + c0;
  out[at + 1] = s31 + c1;
  out[at + 2] = s32 + c2;
  out[at + 3] = s33 + c3;
}

/** The elements of a tile that the matrix's edges cut off. */
function multiplyEdge(
  { left, right, out, bias, rows, inner, columns, leftOffset, rightOffset, outOffset }: Product,
  firstRow: number,
  firstColumn: number,
  blockEnd: number,
): void {
  for (let row = firstRow; row < Math.min(rows, firstRow + 4); row++) {
    for (let column = firstColumn; column < Math.min(blockEnd, firstColumn + 4); column++) {
      const sum = dotProduct(left, leftOffset + row * inner, right, rightOffset + column * inner, inner);
      out[outOffset + row * columns + column] = sum + (bias?.[column] ?? 0);
    }
  }
}
