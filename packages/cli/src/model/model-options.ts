import { Option, type Command } from "commander";
import { heads } from "@longspan/core";

/** What every command that opens a model takes. */
export interface ModelOptions {
  readonly config?: string;
  readonly head?: string;
  readonly prefix?: string;
  readonly adapter: readonly string[];
  readonly verifyChecksums?: boolean;
  readonly json?: boolean;
}

/** What the argument that names a model says of itself. */
export const modelArgument = "a file, a folder or an http(s) URL";

export function addModelArgument(command: Command): Command {
  return command.argument("<model>", modelArgument);
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
