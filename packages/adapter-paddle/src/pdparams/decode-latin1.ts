/**
 * Decodes UTF-8 of characters U+0000 to U+00FF until `bytes` is full. Weights are half above 0x7f and in no order, so that a branch per byte would be mispredicted
 * every other time: the second byte of a pair (C2 80 to C2 BF stands for itself, C3 80 to C3 BF for 0x40 more) is taken or not by arithmetic.
 *
 * @returns the bytes consumed; "short" where the text ends early, "invalid" for any other character, or none
 */
export function decodeLatin1(encoded: Uint8Array, bytes: Uint8Array): number | "short" | "invalid" {
  const last = encoded.length - 1;
  let position = 0;
  let filled = 0;
  let faults = 0;
  while (filled < bytes.length && position < last) {
    const first = encoded[position] as number;
    const second = encoded[position + 1] as number;
    const isPair = first >> 7;
    const mask = -isPair;
    faults |= mask & (((first & 0xfe) ^ 0xc2) | ((second & 0xc0) ^ 0x80));
    bytes[filled++] = (first & ~mask) | (mask & (second + ((first & 1) << 6)));
    position += 1 + isPair;
  }
  // The last byte has no second one behind it.
  const final = encoded[last] ?? 0x80;
  if (filled < bytes.length && position === last && final < 0x80) {
    bytes[filled++] = final;
    position++;
  }
  if (faults !== 0) return "invalid";
  return filled === bytes.length ? position : "short";
}
