/** A number where it is exact in one, else a bigint. */
export function narrowInteger(value: bigint): number | bigint {
  const narrow = Number(value);
  return Number.isSafeInteger(narrow) ? narrow : value;
}

/** Reads a little-endian two's complement integer of any length, as LONG1 and LONG4 carry it; no bytes are 0. */
export function decodeTwosComplement(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  let digits = "";
  for (const byte of bytes) digits = byte.toString(16).padStart(2, "0") + digits;
  return narrowInteger(BigInt.asIntN(bytes.length * 8, BigInt(`0x${digits}`)));
}

/** The shortest little-endian two's complement of an integer; 0 is no bytes. As Python's `pickle.encode_long`. */
export function encodeTwosComplement(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array(0);
  // -128 fits one byte although 128 does not: a negative number needs the bits of its complement, and the sign.
  const magnitude = value < 0n ? -value - 1n : value;
  const length = Math.floor(bitLength(magnitude) / 8) + 1;
  const digits = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, "0");
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    const end = digits.length - index * 2;
    bytes[index] = Number.parseInt(digits.slice(end - 2, end), 16);
  }
  return bytes;
}

function bitLength(magnitude: bigint): number {
  return magnitude === 0n ? 0 : magnitude.toString(2).length;
}
