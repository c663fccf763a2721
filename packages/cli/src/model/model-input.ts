import { checkpointInput, LongspanError, type CheckpointInput, type FileSet, type OpenLimits } from "@longspan/core";
import { memoryBudget, parseJson } from "@longspan/core/adapter";
import { fileSource, pathInput } from "@longspan/core/node";
import type { HubOptions } from "@longspan/hub";
import { parseRepositoryName } from "@longspan/hub/name";
import { isReadOnce, readPipe } from "../read-once.ts";
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

/** Where a small file is read: as large as it may be, and by what. */
interface SmallFileContext extends CommandContext {
  readonly limits?: OpenLimits | undefined;
}

/** A JSON file's content (or a pipe's), parsed. @throws LongspanError `config-invalid`, `not-found`, `limit-exceeded`; `argument-invalid` for standard input. */
export async function readJsonFile(path: string, context: SmallFileContext): Promise<unknown> {
  const { limits } = context;
  const bytes = await readBytes(path, context);
  return parseJson(bytes, { name: path, code: "config-invalid", budget: memoryBudget(path, bytes.length, limits) });
}

/** A small text file's content (or a pipe's). @throws LongspanError `limit-exceeded`, and as `fileSource`. */
export async function readTextFile(path: string, context: SmallFileContext): Promise<string> {
  return new TextDecoder().decode(await readBytes(path, context));
}

/** Of a pipe's bytes, far more than a configuration or a layout has. */
const maxPipeBytes = 2 ** 25;

async function readBytes(path: string, { limits, terminal: { pipes }, signal }: SmallFileContext): Promise<Uint8Array> {
  if (path === "-")
    throw new LongspanError(
      "argument-invalid",
      "Standard input (-) is not read for configurations. Give a file, or a pipe by its path, such as <(jq …) or /dev/stdin; a file of this name is ./-.",
    );
  if (await isReadOnce(path)) {
    const read = pipes?.get(path) ?? readPipe(path, maxPipeBytes, signal);
    pipes?.set(path, read);
    return read;
  }
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
