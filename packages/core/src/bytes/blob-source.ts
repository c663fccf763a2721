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
    // The File API's NotReadableError: the file behind the blob is not what it was when the blob was made.
    const message = `${name} cannot be read any more: the file was changed, moved or removed since it was chosen. Choose it again.`;
    throw new LongspanError("io-failed", message, { cause: error, details: { source: name, offset, length } });
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
