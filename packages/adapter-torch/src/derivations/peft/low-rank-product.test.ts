import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lowRankProduct } from "./low-rank-product.ts";

/** `one · other + sum`, as the last step of a product of rank 2. */
function fusedMultiplyAdd(one: number, other: number, sum: number): number {
  const product = lowRankProduct(Float64Array.of(1, one), Float64Array.of(sum, other), { rows: 1, rank: 2, columns: 1, fused: true });
  return product[0] ?? Number.NaN;
}

/** A float's value as an integer times 2^-1074·2^-1074, exactly: products of two floats are integers in it. */
function exact(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const exponent = Number((raw >> 52n) & 0x7ffn);
  const fraction = raw & 0xfffffffffffffn;
  const magnitude = exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1);
  return raw >> 63n === 1n ? -magnitude : magnitude;
}

/** Of two neighbouring floats the nearer one; of equally near ones the even one. */
function isNearest(found: number, value: bigint): boolean {
  const scaled = exact(found) << 1074n;
  const distance = (other: number): bigint => {
    const difference = (exact(other) << 1074n) - value;
    return difference < 0n ? -difference : difference;
  };
  const own = scaled > value ? scaled - value : value - scaled;
  const bits = new Int32Array(Float32Array.of(found).buffer)[0] ?? 0;
  return [bits - 1, bits + 1].every((neighbour) => {
    const other = new Float32Array(Int32Array.of(neighbour).buffer)[0] ?? 0;
    if (!Number.isFinite(other)) return true;
    const away = distance(other);
    return own < away || (own === away && bits % 2 === 0);
  });
}

describe("a fused step", () => {
  const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e15), max: Math.fround(1e15) });

  test("rounds once, whatever the values", () => {
    fc.assert(
      fc.property(float, float, float, (one, other, sum) => {
        const found = fusedMultiplyAdd(one, other, sum);
        const value = exact(one) * exact(other) + (exact(sum) << 1074n);
        return found === 0 || isNearest(found, value);
      }),
      { numRuns: 5000 },
    );
  });

  test("also where the sum in float64 lies in the middle between two", () => {
    // 1 + 2^-24 is the middle between 1 and the next float32; a product below it or above it decides.
    const tiny = 2 ** -60;
    expect(fusedMultiplyAdd(Math.fround(1 + 2 ** -23), 1, 0)).toBe(1 + 2 ** -23);
    expect(fusedMultiplyAdd(2 ** -12, 2 ** -12, 1)).toBe(1);
    expect(fusedMultiplyAdd(2 ** -12 + 2 ** -35, 2 ** -12, 1)).toBe(1 + 2 ** -23);
    expect(fusedMultiplyAdd(2 ** -12, 2 ** -12, 1 + 2 ** -23)).toBe(1 + 2 ** -22);
    expect(fusedMultiplyAdd(-tiny, tiny, 1)).toBe(1);
  });
});

test("a matrix of few rows goes without fused steps", () => {
  const near = 1 + 2 ** -12;
  const [left, right] = [Float64Array.of(-1, near), Float64Array.of(1, near)];
  const sizes = { rows: 1, rank: 2, columns: 1 };
  expect(lowRankProduct(left, right, { ...sizes, fused: true })[0]).toBe(2 ** -11 + 2 ** -24);
  expect(lowRankProduct(left, right, { ...sizes, fused: false })[0]).toBe(2 ** -11);
});
