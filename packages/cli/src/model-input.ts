import { readFile, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { httpFileSet, LongspanError, type CheckpointInput, type FileSet } from "@longspan/core";
import { directoryFileSet } from "@longspan/core/node";

export interface ModelInput extends CheckpointInput {
  /** The folder on this machine that the model lies in, if it does. */
  readonly folder: string | undefined;
}

/** A path, a folder or an http(s) URL as a checkpoint's place. @throws LongspanError `not-found`. */
export async function modelInput(text: string): Promise<ModelInput> {
  if (/^https?:\/\//i.test(text)) {
    const url = new URL(text);
    const fileName = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
    return { files: httpFileSet(text), fileName: fileName === "" ? undefined : fileName, folder: undefined };
  }
  const path = resolve(text);
  if (await isDirectory(path, text)) return { files: directoryFileSet(path), fileName: undefined, folder: path };
  return { files: directoryFileSet(dirname(path)), fileName: basename(path), folder: dirname(path) };
}

/** A folder (or a file's folder) as a set of files. */
export async function folderInput(text: string): Promise<FileSet> {
  const { files } = await modelInput(text);
  return files;
}

/** A JSON file's content, parsed. @throws LongspanError `config-invalid`, `not-found`. */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = await readTextFile(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LongspanError("config-invalid", `${path} is not JSON: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new LongspanError("not-found", `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      cause: error,
    });
  }
}

async function isDirectory(path: string, text: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new LongspanError("not-found", `There is no file or folder ${text}. Give a path, a folder, or an http(s) URL.`, {
      cause: error,
      details: { path: text },
    });
  }
}
