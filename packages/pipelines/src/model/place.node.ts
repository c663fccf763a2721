import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { LongspanError, type CheckpointInput } from "@longspan/core";
import { directoryFileSet } from "@longspan/core/node";

/** A path as a checkpoint's place: a folder, or a file among others. @throws LongspanError `not-found`. */
export async function place(text: string): Promise<CheckpointInput> {
  const path = resolve(text);
  if (await isFolder(path, text)) return { files: directoryFileSet(path) };
  return { files: directoryFileSet(dirname(path)), fileName: basename(path) };
}

async function isFolder(path: string, text: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new LongspanError("not-found", `There is no file or folder ${text}. Give a path, a folder, or an http(s) URL.`, {
      cause: error,
      details: { path: text },
    });
  }
}
