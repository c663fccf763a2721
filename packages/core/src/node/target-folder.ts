import { type Stats, constants } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { LongspanError } from "../errors/longspan-error.ts";
import { fileSystemError, systemCodeOf } from "./file-system-error.ts";

/** What a path leads to, links followed; undefined where there is nothing. @throws LongspanError for a link that leads nowhere, and for no path. */
export async function targetStats(path: string): Promise<Stats | undefined> {
  // It would be the working folder.
  if (path === "") throw new LongspanError("argument-invalid", "The path to write to is empty. Name a file or a folder.");
  try {
    return await stat(path);
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT") throw fileSystemError(error, path, "written");
  }
  const link = await lstat(path).catch(() => undefined);
  // What is no link has only just come there, by another run.
  if (link?.isSymbolicLink() !== true) return link;
  throw new LongspanError("argument-invalid", `${path} is a symbolic link that leads nowhere. Remove it, or write to another place.`, {
    details: { path },
  });
}

/** The folder that is to hold something new. @throws LongspanError `not-found`, `argument-invalid`, `permission-denied` */
export async function checkFolder(folder: string, target: string): Promise<void> {
  const stats = await stat(folder).catch((error: unknown) => {
    if (systemCodeOf(error) !== "ENOENT") throw fileSystemError(error, target, "written");
    throw new LongspanError("not-found", `${target} cannot be written: the folder ${folder} does not exist. Create it first.`, {
      cause: error,
      details: { path: target, folder },
    });
  });
  if (!stats.isDirectory()) {
    throw new LongspanError("argument-invalid", `${target} cannot be written: ${folder} is not a folder.`, {
      details: { path: target, folder },
    });
  }
  try {
    // oxlint-disable-next-line no-bitwise -- the call's own way of asking for two things
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fileSystemError(error, folder, "written to");
  }
}

export function existsError(path: string, what: string): LongspanError {
  return new LongspanError("target-exists", `${path} ${what}`, { details: { path } });
}
