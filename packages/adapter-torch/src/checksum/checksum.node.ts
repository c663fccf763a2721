import { crc32 as nodeCrc32 } from "node:zlib";

/** CRC-32 of `bytes`, continued from `previous` (0 at the start): Node's own, which uses the processor's carry-less multiplication. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return nodeCrc32(bytes, previous);
}
