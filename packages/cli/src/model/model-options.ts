import { InvalidArgumentError, type Command } from "commander";
import { type AttentionWindows, type ExtendOptions, heads, type OpenLimits } from "@longspan/core";
import { parseSize } from "../parse-size.ts";

/** What every command that opens a model takes. */
export interface ModelOptions {
  readonly config?: string;
  /** A parsed config.json, instead of `config`: another model's. */
  readonly configuration?: unknown;
  readonly head?: string;
  readonly prefix?: string;
  readonly window?: AttentionWindows;
  readonly base?: string;
  readonly adapterConfig?: string;
  readonly adapterName?: string;
  /** What a RoBERTa is to become; `extend` alone says it. */
  readonly extend?: ExtendOptions;
  readonly adapter: readonly string[];
  readonly strict?: boolean;
  readonly verifyChecksums?: boolean;
  readonly limit?: OpenLimits;
  /** Seconds. */
  readonly timeout?: number;
  readonly json?: boolean;
}

/** What the argument that names a model says of itself. */
export const modelArgument = "a file, a folder, an http(s) URL, or a model on the hub (owner/name)";

export function addModelArgument(command: Command): Command {
  return command.argument("<model>", modelArgument);
}

export function addModelOptions(command: Command): Command {
  return addOpeningOptions(command).option(
    "--window <tokens>",
    "the windows of attention, instead of the configuration's: both sides together, one for all layers or one for each (512 or 256,512,…)",
    windows,
  );
}

/** What opens a model, but for its windows. */
export function addOpeningOptions(command: Command): Command {
  return command
    .option("--config <file>", "the model's config.json, instead of the one beside or inside the checkpoint")
    .option(
      "--head <head>",
      `the model's head, where the checkpoint does not say it: ${heads.join(", ")}; or a module of your own (./span-ner.ts)`,
    )
    .option("--prefix <prefix>", 'what stands before the trunk\'s names in the file, such as "model."')
    .option("--base <checkpoint>", "of an adapter (PEFT): the model it was trained on, which it is merged into")
    .option("--adapter-config <file>", "of an adapter (PEFT): its adapter_config.json, where none lies beside it")
    .option("--adapter-name <name>", "which adapter (PEFT) is merged, where a file holds several")
    .option(
      "--adapter <module>",
      "a further format adapter: a path or a package (repeatable)",
      (module: string, list: readonly string[]) => [...list, module],
      [],
    )
    .option("--strict", "anything unexpected is an error: tensors that are no parameters, whatever is otherwise said in a note")
    .option("--verify-checksums", "compare the checksums of all tensors in a torch zip, not only of small ones")
    .option(
      "--limit <name=size>",
      "what opening may cost: memory=1GiB (default: 256 MiB, or 40 bytes for each byte of the file, up to 1 GiB)",
      parseLimit,
    )
    .option("--timeout <seconds>", "of a URL: how long to wait for an answer, and for each piece of it (default: 30)", seconds)
    .option("--json", "print one JSON document on stdout and nothing else");
}

/** "512" or "256,512": one window for all layers, or one for each. @throws InvalidArgumentError which commander reports with the option's name. */
export function windows(text: string): AttentionWindows {
  const [first = Number.NaN, ...others] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (![first, ...others].every((window) => Number.isSafeInteger(window) && window > 0))
    throw new InvalidArgumentError("It is an integer, or one for each layer with commas between.");
  return others.length === 0 ? first : [first, ...others];
}

/** What every command takes that only reads a model: `convert` has a layout and a tokenizer to write as well. */
export function addReadingOptions(command: Command): Command {
  return addModelOptions(command)
    .option("--layout <name>", "the layout to read with: a name, or a layout file (.json)")
    .option("--tokenizer <folder>", "take the tokenizer's files from here (commands that read text)");
}

/** `memory=1GiB`. @throws InvalidArgumentError which commander reports with the option's name. */
function parseLimit(text: string): OpenLimits {
  const [name, size = ""] = text.split("=", 2);
  const memory = parseSize(size);
  if (name === "memory" && memory !== undefined) return { memory };
  throw new InvalidArgumentError("The limit there is is memory: write it as memory=512MB or memory=1GiB.");
}

/** @throws InvalidArgumentError which commander reports with the option's name. */
function seconds(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError("It is a number of seconds, above 0 and of a day at most.");
}
