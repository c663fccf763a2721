/**
 * The element types of the format in the order of the reference library (safetensors/src/tensor.rs, `enum Dtype`,
 * "in increasing alignment order"): files are written with the last of these first. Values are bits per element.
 */
const bitsPerElementOf = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** A data type by the name that files give it. */
export type SafetensorsDataType = keyof typeof bitsPerElementOf;

/** All data types, in increasing order of alignment. */
export const safetensorsDataTypes: readonly SafetensorsDataType[] = /*#__PURE__*/ Object.keys(bitsPerElementOf) as SafetensorsDataType[];

const rankOf: ReadonlyMap<string, number> = /*#__PURE__*/ new Map(safetensorsDataTypes.map((dataType, rank) => [dataType, rank]));

/** Whether a text names a data type of safetensors. */
export function isSafetensorsDataType(name: string): name is SafetensorsDataType {
  return rankOf.has(name);
}

/** Bits of one element: 4 and 6 occur beside whole bytes. */
export function bitsPerElement(dataType: SafetensorsDataType): number {
  return bitsPerElementOf[dataType];
}

/** Place in the reference library's order. */
export function dataTypeRank(dataType: SafetensorsDataType): number {
  return rankOf.get(dataType) ?? -1;
}

const largestUnsigned64 = 2n ** 64n - 1n;

/**
 * Bytes of a tensor in C order without gaps, with the overflow rule of the reference library (`Metadata::validate`): dimensions are multiplied
 * from the left in unsigned 64 bits, so that a zero dimension saves only what stands before the overflow.
 *
 * @returns "overflow", "partial-byte" (4- and 6-bit elements that do not fill their last byte), or the number of bytes.
 */
export function tensorByteLength(dataType: SafetensorsDataType, shape: readonly number[]): number | "overflow" | "partial-byte" {
  const bits = bitsPerElement(dataType);
  let elements = 1;
  for (const dimension of shape) {
    elements *= dimension;
    // Doubles are exact up to here; the few shapes beyond it are decided in exact arithmetic.
    if (elements > Number.MAX_SAFE_INTEGER) return largeTensorByteLength(bits, shape);
  }
  const product = elements * bits;
  if (product > Number.MAX_SAFE_INTEGER) return largeTensorByteLength(bits, shape);
  return product % 8 === 0 ? product / 8 : "partial-byte";
}

function largeTensorByteLength(bits: number, shape: readonly number[]): number | "overflow" | "partial-byte" {
  let product = 1n;
  for (const factor of [...shape, bits]) {
    product *= BigInt(factor);
    if (product > largestUnsigned64) return "overflow";
  }
  if (product % 8n !== 0n) return "partial-byte";
  const bytes = product / 8n;
  // A file of 2^53 bytes and more cannot be addressed here.
  return bytes > BigInt(Number.MAX_SAFE_INTEGER) ? "overflow" : Number(bytes);
}
