import { type FileHandle, open } from "node:fs/promises";
import type { ByteSink } from "../bytes/sink.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { fileSystemError } from "./file-system-error.ts";

/**
 * After each so many bytes the system is told to begin writing them to the disk, so that the final flush finds little left. Measured for 600 MB on ext4
 * (NVMe): median 0.46 s in all with 16 MiB, 0.7 to 1.9 s with one flush at the end.
 */
const writeBackBytes = 16 * 2 ** 20;

export interface FileByteSink extends ByteSink {
  /** Closes without flushing, after what is under way; never fails. */
  abandon(): Promise<void>;
}

/**
 * A new file. `close` returns when its bytes are on the disk.
 * @param name the file's final path, for messages
 */
export async function fileByteSink(path: string, name: string): Promise<FileByteSink> {
  let handle: FileHandle;
  try {
    handle = await open(path, "wx");
  } catch (error) {
    throw fileSystemError(error, name, "created");
  }
  return handleByteSink(handle, name);
}

export function handleByteSink(handle: FileHandle, name: string): FileByteSink {
  let position = 0;
  let sinceWriteBack = 0;
  let failure: LongspanError | undefined;
  let closed = false;
  const pending = new Set<Promise<void>>();
  let writingBack: Promise<void> | undefined;

  function fail(error: unknown): LongspanError {
    failure ??= fileSystemError(error, name, "written");
    return failure;
  }

  /** Writes to its own place in the file: calls need not wait for each other. */
  async function writeAt(bytes: Uint8Array, start: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      // oxlint-disable-next-line no-await-in-loop -- rarely more than one turn
      const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, start + written);
      written += bytesWritten;
    }
  }

  async function writeBack(): Promise<void> {
    try {
      await handle.datasync();
    } catch (error) {
      fail(error);
    }
    writingBack = undefined;
  }

  async function settle(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      fail(error);
    }
  }

  return {
    async write(bytes) {
      if (closed) throw new LongspanError("closed", `${name} has been closed.`, { details: { path: name } });
      if (failure !== undefined) throw failure;
      const start = position;
      position += bytes.length;
      const writing = writeAt(bytes, start);
      const settled = settle(writing);
      pending.add(settled);
      await settled;
      pending.delete(settled);
      if (failure !== undefined) throw failure;
      sinceWriteBack += bytes.length;
      if (sinceWriteBack < writeBackBytes || writingBack !== undefined || closed) return;
      sinceWriteBack = 0;
      writingBack = writeBack();
    },

    async close() {
      if (closed) return;
      closed = true;
      await Promise.all(pending);
      await writingBack;
      try {
        if (failure === undefined) await handle.sync();
      } catch (error) {
        fail(error);
      }
      try {
        await handle.close();
      } catch (error) {
        fail(error);
      }
      if (failure !== undefined) throw failure;
    },

    async abandon() {
      closed = true;
      await Promise.all(pending);
      await writingBack;
      await handle.close().catch(() => {});
    },
  };
}
