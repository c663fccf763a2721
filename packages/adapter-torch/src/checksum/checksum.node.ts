import zlib from "node:zlib";
import { crc32 as tableCrc32 } from "./crc32-table.ts";

/** CRC-32 of `bytes`, continued from `previous` (0 at the start): Node's own, which uses the processor's carry-less multiplication; 22.0 and 22.1 have none. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  return "crc32" in zlib ? zlib.crc32(bytes, previous) : tableCrc32(bytes, previous);
}
