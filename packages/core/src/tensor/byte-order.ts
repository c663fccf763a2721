/** Big-endian elements as little-endian ones. `into` may be the same bytes; without it, the given bytes stay as they are. */
export function swapByteOrder(bytes: Uint8Array, width: number, into?: Uint8Array): Uint8Array {
  const swapped = into?.subarray(0, bytes.byteLength) ?? new Uint8Array(bytes.byteLength);
  if (swapped !== bytes && !(swapped.buffer === bytes.buffer && swapped.byteOffset === bytes.byteOffset)) swapped.set(bytes);
  for (let start = 0; start < swapped.byteLength; start += width) swapped.subarray(start, start + width).reverse();
  return swapped;
}
