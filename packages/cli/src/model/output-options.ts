import { Option, type Command } from "commander";
import type { ModelOptions } from "./model-options.ts";
import { addOnnxOptions, type OnnxCommandOptions } from "./onnx-options.ts";

/** What every command takes that writes a model. */
export interface OutputOptions extends ModelOptions, OnnxCommandOptions {
  readonly to: string;
  readonly output?: string;
  readonly layout?: string;
  readonly fromLayout?: string;
  readonly dtype?: string;
  readonly tokenizer?: string;
  readonly shardSize?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** The targets of what comes with this program. */
export const targetNames: readonly string[] =
  "hf torch torch-legacy lightning paddle paddle-safetensors tensorflow onnx transformers.js".split(" ");

/** Float types that people write. */
export const floatNames: readonly string[] = ["float32", "float16", "bfloat16"];

export function addOutputOptions(command: Command, defaultTarget?: string): Command {
  const target = new Option("--to <target>", `${targetNames.join(", ")}, or an adapter's own`);
  return addOnnxOptions(command)
    .addOption(defaultTarget === undefined ? target.makeOptionMandatory() : target.default(defaultTarget))
    .option("-o, --output <path>", "the folder or file to write")
    .option("--layout <name>", "the layout to write, instead of the target's: a name, or a layout file (.json)")
    .option("--from-layout <name>", "the layout to read with: a name, or a layout file (.json)")
    .option("--dtype <type>", `float type to write: ${floatNames.join(", ")}, …`)
    .option("--tokenizer <folder>", "take the tokenizer's files from here")
    .option("--shard-size <size>", "split the weights into files of at most this size, such as 500MB")
    .option("--force", "replace an existing output")
    .option("--dry-run", "print what would be done and write nothing");
}
