import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import type { CheckpointInput } from "../bytes/checkpoint-input.ts";
import { LongspanError } from "../errors/longspan-error.ts";
import { directoryFileSet } from "./directory-file-set.ts";

/** A path as a checkpoint's place: a folder, or a file among others. @throws LongspanError `not-found`. */
export async function pathInput(text: string): Promise<CheckpointInput> {
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
