import type { PlannedOutput, ReadbackBuffer, ReadbackPiece } from "./graph-plan.ts";
import { alignUp } from "./place-tensors.ts";

/** What is read at once: while the host copies so much, the GPU sends the next, and what has just arrived may still be in the processor's cache. */
const bytesAtOnce = 4 * 1024 * 1024;

/** Outputs that the device computes, one behind the other in as many buffers as it takes: what is longer than a buffer goes through several. */
export function placeReadback(outputs: readonly PlannedOutput[]): readonly ReadbackBuffer[] {
  const buffers: { byteLength: number; readonly pieces: ReadbackPiece[] }[] = [];
  for (const { name, root, source, byteLength } of outputs) {
    if (source !== "work" && source !== "parameter") continue;
    for (let from = 0; from < byteLength;) {
      let buffer = buffers.at(-1);
      if (buffer === undefined || buffer.byteLength >= bytesAtOnce) buffers.push((buffer = { byteLength: 0, pieces: [] }));
      const length = Math.min(byteLength - from, bytesAtOnce - buffer.byteLength);
      buffer.pieces.push({ output: name, root, from, offset: buffer.byteLength, byteLength: length });
      buffer.byteLength = alignUp(buffer.byteLength + length);
      from += length;
    }
  }
  return buffers;
}
