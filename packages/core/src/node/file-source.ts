import { type FileHandle, open } from "node:fs/promises";
import type { ByteSource } from "../bytes/byte-source.ts";
import { checkRange } from "../bytes/check-range.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { fileSystemError } from "./file-system-error.ts";

/** One system call reads at most this much: Linux ends at 2 GiB less a page. */
const largestRead = 2 ** 30;

/**
 * A file on disk, symbolic links followed. It stays open until `close`.
 * @throws LongspanError `not-found`, `permission-denied`, `argument-invalid` for a folder, `unsupported` for a device or pipe
 */
export async function fileSource(path: string): Promise<ByteSource> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const stats = await handle.stat();
    if (stats.isDirectory())
      throw new LongspanError("argument-invalid", `${path} is a folder; a file is expected here.`, { details: { path } });
    if (!stats.isFile())
      throw new LongspanError("unsupported", `${path} is a device or a pipe; only files that can be read anywhere are opened.`, {
        details: { path },
      });
    return openedSource(path, handle, stats.size);
  } catch (error) {
    await handle?.close();
    throw fileSystemError(error, path, "opened");
  }
}

function openedSource(name: string, handle: FileHandle, size: number): ByteSource {
  let closing: Promise<void> | undefined;
  const source: ByteSource = {
    name,
    size,
    async read(offset, length, options = {}) {
      if (closing !== undefined) throw new LongspanError("closed", `${name} has been closed.`, { details: { path: name } });
      checkRange(source, offset, length);
      const target = options.into?.subarray(0, length) ?? uninitialised(length);
      let filled = 0;
      while (filled < length) {
        throwIfAborted(options.signal);
        filled += await readSome(handle, target.subarray(filled), offset + filled, name);
      }
      return target;
    },
    close() {
      closing ??= handle.close();
      return closing;
    },
  };
  return source;
}

/** Memory that is about to be overwritten need not be cleared first; what is not overwritten is never handed out. */
function uninitialised(length: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, length);
}

async function readSome(handle: FileHandle, target: Uint8Array, position: number, name: string): Promise<number> {
  let bytesRead: number;
  try {
    ({ bytesRead } = await handle.read(target, 0, Math.min(target.length, largestRead), position));
  } catch (error) {
    throw fileSystemError(error, name, "read");
  }
  if (bytesRead > 0) return bytesRead;
  throw new LongspanError("source-changed", `${name} became shorter while it was read: it ends at byte ${position} now.`, {
    details: { path: name, offset: position },
  });
}
