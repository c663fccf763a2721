import type { Readable } from "node:stream";

/** What a stream holds now, as text. Since Node 26, `read()` gives one of the pieces that were written, before it all of them. */
export function streamText(stream: Readable): string {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = stream.read() as Uint8Array | null;
    if (piece === null) return Buffer.concat(pieces).toString();
    pieces.push(piece);
  }
}
