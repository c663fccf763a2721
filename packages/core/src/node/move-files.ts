import { link, lstat, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { existsError } from "./target-folder.ts";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";

/** Renames within a file system. Without `replace`, something at `to` is an error, also when it has only just come there. */
export async function moveFile(from: string, to: string, replace: boolean): Promise<void> {
  try {
    if (replace) return await rename(from, to);
    // `rename` replaces silently, `link` does not.
    await link(from, to);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "EEXIST") throw existsError(to, "exists already. Pass --force (option force) to replace it.");
    // Some file systems have no hard links (FAT, some network ones).
    const noLinks = !replace && (code === "EPERM" || code === "ENOTSUP" || code === "ENOSYS" || code === "EMLINK" || code === "EOPNOTSUPP");
    if (!noLinks) throw fileSystemError(error, to, "written");
    return moveWithoutLink(from, to);
  }
  await unlink(from).catch((error: unknown) => {
    throw fileSystemError(error, from, "removed");
  });
}

async function moveWithoutLink(from: string, to: string): Promise<void> {
  if ((await lstat(to).catch(() => undefined)) !== undefined)
    throw existsError(to, "exists already. Pass --force (option force) to replace it.");
  try {
    await rename(from, to);
  } catch (error) {
    throw fileSystemError(error, to, "written");
  }
}

export interface Replacement {
  /** The folder whose files change. */
  readonly folder: string;
  /** Names to bring in from `newFolder`, in this order. */
  readonly incoming: readonly string[];
  readonly newFolder: string;
  /** Names to take away to `oldFolder`. */
  readonly outgoing: readonly string[];
  readonly oldFolder: string;
}

/**
 * Replaces files of a folder: first the old ones go, then the new ones come, so that at no moment old and new ones lie together. On a failure
 * all is put back.
 */
export async function replaceFiles({ folder, incoming, newFolder, outgoing, oldFolder }: Replacement): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  const move = async (from: string, to: string, replace: boolean): Promise<void> => {
    await moveFile(from, to, replace);
    undo.push(() => rename(to, from));
  };
  try {
    for (const name of outgoing) {
      await move(join(folder, name), join(oldFolder, name), true);
    }
    for (const name of incoming) {
      await move(join(newFolder, name), join(folder, name), false);
    }
  } catch (error) {
    for (const step of undo.toReversed()) {
      await step().catch(() => {});
    }
    throw error;
  }
}
