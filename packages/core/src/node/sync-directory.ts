import { open } from "node:fs/promises";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";

/** Writes a folder's entries to the disk: without it, a file can be gone after a power cut although its bytes were flushed (fsync(2)). */
export async function syncDirectory(path: string): Promise<void> {
  // Windows has no such call and no need for it.
  if (process.platform === "win32") return;
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some network file systems refuse it; there is nothing better to do on them.
    if (systemCodeOf(error) !== "EINVAL") throw fileSystemError(error, path, "flushed");
  }
}
