import { checkpointInput, type CheckpointInput, type FileSet, type OpenLimits } from "@longspan/core";
import { memoryBudget, parseJson } from "@longspan/core/adapter";
import { fileSource, pathInput } from "@longspan/core/node";
import type { HubOptions } from "@longspan/hub";
import { parseRepositoryName } from "@longspan/hub/name";

export interface ModelInput extends CheckpointInput {
  /** The folder on this machine that the model lies in, if it does. */
  readonly folder: string | undefined;
}

/**
 * A path, a folder, an http(s) URL, or a model's name on the hub (`owner/name[@revision]`) as a checkpoint's place.
 * @throws LongspanError `not-found`, `argument-invalid` for an address that is none, and as `hubModel`.
 */
export async function modelInput(text: string, network: HubOptions): Promise<ModelInput> {
  if (/^https?:\/\//i.test(text)) return { ...(await checkpointInput(text, network)), folder: undefined };
  if (parseRepositoryName(text) !== undefined) {
    const { pathOrHubModel } = await import("@longspan/hub/node");
    const found = await pathOrHubModel(text, network);
    if (/^https?:/.test(found.files.name)) return { ...found, folder: undefined };
  }
  const input = await pathInput(text);
  return { ...input, folder: input.files.name };
}

/** A folder (or a file's folder) as a set of files. */
export async function folderInput(text: string, network: HubOptions): Promise<FileSet> {
  const { files } = await modelInput(text, network);
  return files;
}

/** A JSON file's content, parsed. @throws LongspanError `config-invalid`, `not-found`, `limit-exceeded`. */
export async function readJsonFile(path: string, limits?: OpenLimits): Promise<unknown> {
  const bytes = await readBytes(path, limits);
  return parseJson(bytes, { name: path, code: "config-invalid", budget: memoryBudget(path, bytes.length, limits) });
}

/** A small text file's content. @throws LongspanError `limit-exceeded`, and as `fileSource`. */
export async function readTextFile(path: string, limits?: OpenLimits): Promise<string> {
  return new TextDecoder().decode(await readBytes(path, limits));
}

async function readBytes(path: string, limits: OpenLimits | undefined): Promise<Uint8Array> {
  const source = await fileSource(path);
  try {
    // The bytes and a text of them.
    memoryBudget(path, source.size, limits).spend(3 * source.size);
    const bytes = await source.read(0, source.size);
    await source.checkUnchanged?.();
    return bytes;
  } finally {
    await source.close();
  }
}
