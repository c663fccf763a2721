import type { DataType } from "./data-type.ts";

/** The float types, by their IEEE 754-like geometry. */
export type FloatType = Extract<DataType, "float64" | "float32" | "float16" | "bfloat16" | "float8_e4m3fn" | "float8_e5m2">;

interface FloatFormat {
  readonly mantissaBits: number;
  readonly exponentBits: number;
  /** e4m3fn has none: its all-ones exponent holds numbers, and only all-ones mantissa with it is NaN (OCP 8-bit floating point, 1.0). */
  readonly infinities: boolean;
}

/** Geometry of the types that are narrower than float32. */
export const narrowFloats: Readonly<Record<"float16" | "bfloat16" | "float8_e4m3fn" | "float8_e5m2", FloatFormat>> = {
  float16: { mantissaBits: 10, exponentBits: 5, infinities: true },
  bfloat16: { mantissaBits: 7, exponentBits: 8, infinities: true },
  float8_e4m3fn: { mantissaBits: 3, exponentBits: 4, infinities: false },
  float8_e5m2: { mantissaBits: 2, exponentBits: 5, infinities: true },
};

/** The number a bit pattern stands for. Exact: every narrow float is a float64. */
export function decodeFloat(format: FloatFormat, bits: number): number {
  const { mantissaBits, exponentBits, infinities } = format;
  const mantissaSize = 2 ** mantissaBits;
  const topExponent = 2 ** exponentBits - 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  const mantissa = bits % mantissaSize;
  const exponent = Math.floor(bits / mantissaSize) % (topExponent + 1);
  const sign = bits >= 2 ** (mantissaBits + exponentBits) ? -1 : 1;
  if (exponent === topExponent) {
    if (infinities) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (mantissa === mantissaSize - 1) return Number.NaN;
  }
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (mantissaSize + mantissa) * 2 ** (exponent - bias - mantissaBits);
}

/**
 * The bit pattern nearest to a number, ties to even. Beyond the largest finite value: infinity, or NaN where the format has none
 * (torch's `.to(torch.float8_e4m3fn)` gives NaN or, as 2.13 does, 448: by its version). NaN gives the quiet NaN.
 */
export function encodeFloat(format: FloatFormat, value: number): number {
  const { mantissaBits, exponentBits, infinities } = format;
  const mantissaSize = 2 ** mantissaBits;
  const topExponent = 2 ** exponentBits - 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  const signBit = value < 0 || Object.is(value, -0) ? 2 ** (mantissaBits + exponentBits) : 0;
  const notANumber = topExponent * mantissaSize + (infinities ? mantissaSize / 2 : mantissaSize - 1);
  if (Number.isNaN(value)) return notANumber;
  const overflow = signBit + (infinities ? topExponent * mantissaSize : notANumber);
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return overflow;
  if (magnitude === 0) return signBit;
  const exponent = Math.max(1 - bias, floorLog2(magnitude));
  // Dividing by a power of two is exact here: the quotient is below 2^(mantissaBits + 1) and the scale is far from float64's ends.
  const units = roundHalfToEven(magnitude / 2 ** (exponent - mantissaBits));
  // `units` counts steps of this exponent; a carry into the next exponent comes out right in the sum.
  const biased = exponent + bias - 1;
  const bits = biased * mantissaSize + units;
  const largest = infinities ? topExponent * mantissaSize - 1 : notANumber - 1;
  return bits > largest ? overflow : signBit + bits;
}

const parts = /*#__PURE__*/ new DataView(new ArrayBuffer(8));

function floorLog2(magnitude: number): number {
  parts.setFloat64(0, magnitude);
  const exponent = (parts.getUint16(0) >> 4) & 0x7ff;
  // A float64 subnormal is far below every narrow format's smallest step.
  return exponent - 1023;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
