import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { checkText } from "../arguments/check-text.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import { checkRange } from "../bytes/check-range.ts";
import { throwIfAborted } from "../bytes/throw-if-aborted.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { fileSystemError } from "./file-system-error.ts";
import { checkFileVersion, type FileVersion, settledVersion } from "./file-version.ts";

/** One system call reads at most this much: Linux ends at 2 GiB less a page. */
const maxReadBytes = 2 ** 30;

/** A long job need not go on for hours with a file that is no longer what it was. */
const recheckMilliseconds = 1000;

/**
 * A file on disk, symbolic links followed. It stays open until `close`. Its version (device, inode, size, and both times in nanoseconds) is
 * noted at opening and compared when the file ends early, once a second while it is read, and when `checkUnchanged` is called. A touch
 * counts as a change: what was written cannot be seen.
 * @throws LongspanError `not-found`, `permission-denied`, `argument-invalid` for a folder, `unsupported` for a device or pipe,
 * `source-changed` for a file that is being written just now
 */
export async function fileSource(path: string): Promise<ByteSource> {
  checkText(path, "The file to read", "model.safetensors");
  let handle: FileHandle | undefined;
  try {
    // A pipe is refused below, and opening one would wait for who writes to it.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await handle.stat();
    if (stats.isDirectory())
      throw new LongspanError("argument-invalid", `${path} is a folder; a file is expected here.`, { details: { path } });
    if (!stats.isFile())
      throw new LongspanError(
        "unsupported",
        `${path} is a device or a pipe; only files that can be read anywhere are opened. Save it to a file first.`,
        {
          details: { path },
        },
      );
    return openedSource(path, handle, await settledVersion(handle, path));
  } catch (error) {
    await handle?.close();
    throw fileSystemError(error, path, "opened");
  }
}

function openedSource(name: string, handle: FileHandle, version: FileVersion): ByteSource {
  // Absolute: a process may change its folder.
  const path = resolve(name);
  const checkUnchanged = async (): Promise<void> => checkFileVersion(path, name, version);
  let closing: Promise<void> | undefined;
  let checked = performance.now();
  const source: ByteSource = {
    name,
    size: Number(version.size),
    async read(offset, length, options = {}) {
      if (closing !== undefined) throw new LongspanError("closed", `${name} has been closed.`, { details: { path: name } });
      checkRange(source, offset, length);
      const target = options.into?.subarray(0, length) ?? uninitialised(length);
      let filled = 0;
      while (filled < length) {
        throwIfAborted(options.signal);
        const bytes = await readSome(handle, target.subarray(filled), offset + filled, name);
        if (bytes === 0) await checkUnchanged();
        if (bytes === 0) throw shorter(name, offset + filled);
        filled += bytes;
      }
      if (performance.now() - checked > recheckMilliseconds) {
        await checkUnchanged();
        checked = performance.now();
      }
      return target;
    },
    checkUnchanged,
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
  try {
    const { bytesRead } = await handle.read(target, 0, Math.min(target.length, maxReadBytes), position);
    return bytesRead;
  } catch (error) {
    throw fileSystemError(error, name, "read");
  }
}

function shorter(name: string, end: number): LongspanError {
  return new LongspanError("source-changed", `${name} became shorter while it was read: it ends at byte ${end} now.`, {
    details: { path: name, offset: end },
  });
}
