import { checkpointInput, LongspanError, type CheckpointInput, type FileSet, type OpenLimits } from "@longspan/core";
import { memoryBudget, parseJson } from "@longspan/core/adapter";
import { fileSource, pathInput } from "@longspan/core/node";
import type { HubOptions } from "@longspan/hub";
import { parseRepositoryName } from "@longspan/hub/name";
import type { ModelOptions } from "./model-options.ts";
import { type CommandContext, networkOptions } from "./network-options.ts";

export interface ModelInput extends CheckpointInput {
  /** The folder on this machine that the model lies in, if it does. */
  readonly folder: string | undefined;
}

/**
 * A path, a folder, an http(s) URL, or a model's name on the hub (`owner/name[@revision]`) as a checkpoint's place.
 * @throws LongspanError `not-found`, `argument-invalid` for an address that is none, and as `hubModel`.
 */
export async function modelInput(text: string, network: HubOptions): Promise<ModelInput> {
  const { signal, timeout, onProgress } = network;
  if (/^https?:\/\//i.test(text)) return { ...(await checkpointInput(text, { signal, timeout, onProgress })), folder: undefined };
  if (parseRepositoryName(text) === undefined) return inFolder(await inputAt(text));
  const { pathOrHubModel } = await import("@longspan/hub/node");
  return inFolder(await pathOrHubModel(text, network));
}

/** What is no path may have been meant as a name of the hub: its form is said, too. */
async function inputAt(path: string): Promise<CheckpointInput> {
  try {
    return await pathInput(path);
  } catch (error) {
    if (!LongspanError.isInstance(error) || error.code !== "not-found") throw error;
    const message = `There is no file or folder ${path}. Give a file, a folder, an http(s) URL, or a model on the hub (owner/name).`;
    throw new LongspanError("not-found", message, { details: error.details, cause: error });
  }
}

/** A model of the hub is called by its address. */
function inFolder(input: CheckpointInput): ModelInput {
  return { ...input, folder: /^https?:\/\//.test(input.files.name) ? undefined : input.files.name };
}

/** The folder (or the file's folder) that `--tokenizer` names; undefined where it says nothing. */
export async function tokenizerFiles(
  options: ModelOptions & { readonly tokenizer?: string },
  context: CommandContext,
): Promise<FileSet | undefined> {
  if (options.tokenizer === undefined) return undefined;
  const { files } = await modelInput(options.tokenizer, await networkOptions(options, context));
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
