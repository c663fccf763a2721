import type { ByteSource } from "@longspan/core";

/** A file of `size` bytes that repeats these values, at the speed of copying memory. */
export function repeatedSource(name: string, block: Float32Array<ArrayBuffer>, size: number): ByteSource {
  const bytes = new Uint8Array(block.buffer);
  return {
    name,
    size,
    async read(offset, length, { into } = {}) {
      const out = into?.subarray(0, length) ?? new Uint8Array(length);
      for (let filled = 0; filled < length;) {
        const start = (offset + filled) % bytes.byteLength;
        const take = Math.min(bytes.byteLength - start, length - filled);
        out.set(bytes.subarray(start, start + take), filled);
        filled += take;
      }
      return out;
    },
    close: async () => {},
  };
}
