import { LongspanError } from "../errors/longspan-error.ts";
import type { ByteSource } from "./byte-source.ts";
import { checkRange } from "./check-range.ts";
import { throwIfAborted } from "./throw-if-aborted.ts";

/** A Blob or File of a browser (Node has them too). Nothing is read before it is asked for. */
export function blobSource(blob: Blob, name: string = nameOf(blob)): ByteSource {
  let closed = false;
  const source: ByteSource = {
    name,
    size: blob.size,
    async read(offset, length, options = {}) {
      if (closed) throw new LongspanError("closed", `${name} has been closed.`);
      checkRange(source, offset, length);
      throwIfAborted(options.signal);
      const buffer = await sliceBytes(blob, offset, length, name);
      throwIfAborted(options.signal);
      return buffer;
    },
    async checkUnchanged() {
      // Browsers and Node compare the file with the one that was chosen (its size and time of change) whenever something is read of it.
      if (blob.size > 0) await sliceBytes(blob, blob.size - 1, 1, name);
    },
    blob: (offset, length) => Promise.resolve(blob.slice(offset, offset + length)),
    async close() {
      closed = true;
    },
  };
  return source;
}

async function sliceBytes(blob: Blob, offset: number, length: number, name: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
  } catch (error) {
    // The File API says so when the file behind the blob is not what it was when the blob was made (NotReadableError), or is not there.
    const gone = error instanceof DOMException && (error.name === "NotReadableError" || error.name === "NotFoundError");
    const message = `${name} cannot be read${gone ? " any more: the file was changed, moved or removed since it was chosen" : ""}. Choose it again.`;
    throw new LongspanError(gone ? "source-changed" : "io-failed", message, { cause: error, details: { source: name, offset, length } });
  }
  if (bytes.length === length) return bytes;
  throw new LongspanError("source-changed", `${name} became shorter while it was read (byte ${offset + bytes.length}). Choose it again.`, {
    details: { source: name, offset, length },
  });
}

/** A File has a name, a Blob has none. */
function nameOf(blob: Blob): string {
  return "name" in blob && typeof blob.name === "string" ? blob.name : "blob";
}
