import { readFile } from "node:fs/promises";
import { LongspanError, urlInput, type CheckpointInput, type FileSet } from "@longspan/core";
import { pathInput } from "@longspan/core/node";

export interface ModelInput extends CheckpointInput {
  /** The folder on this machine that the model lies in, if it does. */
  readonly folder: string | undefined;
}

/** A path, a folder or an http(s) URL as a checkpoint's place. @throws LongspanError `not-found`, `argument-invalid` for an address that is none. */
export async function modelInput(text: string): Promise<ModelInput> {
  if (/^https?:\/\//i.test(text)) return { ...urlInput(text), folder: undefined };
  const input = await pathInput(text);
  return { ...input, folder: input.files.name };
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
