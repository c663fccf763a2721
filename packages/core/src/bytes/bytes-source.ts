import type { ByteSource } from "./byte-source.ts";
import { checkRange } from "./check-range.ts";

/** Bytes in memory. Reads give views, not copies: the bytes must not change while the source is in use. */
export function bytesSource(bytes: Uint8Array, name = "bytes"): ByteSource {
  const source: ByteSource = {
    name,
    size: bytes.byteLength,
    async read(offset, length) {
      checkRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
    close: async () => {},
  };
  return source;
}
