import type { ByteSink, LazyTensor } from "@longspan/core";

/** What a converter's `copy` does, without overlap. */
export async function copyTensor(tensor: LazyTensor, to: ByteSink, observe?: (bytes: Uint8Array) => void): Promise<void> {
  for await (const bytes of tensor.chunks({ chunkBytes: 16 })) {
    observe?.(bytes);
    // The piece is reused; a sink that keeps it copies it.
    await to.write(bytes.slice());
  }
}

/** A sink that keeps everything. */
export function collectingSink(): ByteSink & { bytes(): Uint8Array } {
  const pieces: Uint8Array[] = [];
  return {
    async write(bytes) {
      pieces.push(bytes.slice());
    },
    async close() {},
    bytes: () => new Uint8Array(Buffer.concat(pieces)),
  };
}
