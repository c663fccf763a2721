import { Option, type Command } from "commander";
import {
  createConverter,
  heads,
  isHead,
  LongspanError,
  parseLayoutFile,
  type Checkpoint,
  type Converter,
  type Layout,
} from "@longspan/core";
import { loadAdapters } from "./adapters.ts";
import { modelInput, readJsonFile, readTextFile, type ModelInput } from "./model-input.ts";

/** What every command that opens a model takes. */
export interface ModelOptions {
  readonly config?: string;
  readonly head?: string;
  readonly prefix?: string;
  readonly adapter: readonly string[];
  readonly verifyChecksums?: boolean;
  readonly json?: boolean;
}

export function addModelOptions(command: Command): Command {
  return command
    .option("--config <file>", "the model's config.json, instead of the one beside or inside the checkpoint")
    .addOption(new Option("--head <head>", "the model's head, where the checkpoint does not say it").choices([...heads]))
    .option("--prefix <prefix>", 'what stands before the trunk\'s names in the file, such as "model."')
    .option(
      "--adapter <module>",
      "a further format adapter: a path or a package (repeatable)",
      (module: string, list: readonly string[]) => [...list, module],
      [],
    )
    .option("--verify-checksums", "compare the checksums of all tensors in a torch zip, not only of small ones")
    .option("--json", "print one JSON document on stdout and nothing else");
}

/** What every command takes that only reads a model: `convert` has a layout and a tokenizer to write as well. */
export function addReadingOptions(command: Command): Command {
  return addModelOptions(command)
    .option("--layout <name>", "the layout to read with: a name, or a layout file (.json)")
    .option("--tokenizer <folder>", "take the tokenizer's files from here (commands that read text)");
}

export interface OpenedModel {
  readonly input: ModelInput;
  readonly checkpoint: Checkpoint;
}

export async function createCommandConverter(options: ModelOptions): Promise<Converter> {
  return createConverter({ adapters: await loadAdapters(options.adapter, options.verifyChecksums) });
}

export async function openModel(
  converter: Converter,
  model: string,
  options: ModelOptions,
  layout: string | undefined,
  signal: AbortSignal,
): Promise<OpenedModel> {
  const input = await modelInput(model);
  const { head } = options;
  if (head !== undefined && !isHead(head))
    throw new LongspanError("head-unknown", `There is no head "${head}". There are: ${heads.join(", ")}.`);
  const config = options.config === undefined ? undefined : await readJsonFile(options.config);
  const checkpoint = await converter.open(input, { config, head, prefix: options.prefix, layout: await layoutOption(layout), signal });
  return { input, checkpoint };
}

/** A layout's name, or a layout file (a path that ends in .json). */
export async function layoutOption(text: string | undefined): Promise<Layout | string | undefined> {
  if (text === undefined || !text.endsWith(".json")) return text;
  return parseLayoutFile(await readTextFile(text), text);
}
