import { InvalidArgumentError, Option, type Command } from "commander";
import type { DataType } from "@longspan/core";
import { isDataType, isFloatingPoint } from "@longspan/core/adapter";
import type { ModelOptions } from "./model-options.ts";
import { addOnnxOptions, type OnnxCommandOptions } from "./onnx-options.ts";
import { sizeOption } from "./size-option.ts";

/** What every command takes that writes a model. */
export interface OutputOptions extends ModelOptions, OnnxCommandOptions {
  readonly to: string;
  readonly output?: string;
  readonly layout?: string;
  readonly fromLayout?: string;
  readonly dtype?: DataType;
  readonly tokenizer?: string;
  /** Bytes. */
  readonly shardSize?: number;
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
    .option("--dtype <type>", `float type to write: ${floatNames.join(", ")}, …`, floatType)
    .option("--tokenizer <folder>", "take the tokenizer's files from here")
    .option("--shard-size <size>", "split the weights into files of at most this size, such as 500MB", sizeOption())
    .option("--force", "replace an existing output")
    .option("--dry-run", "print what would be done and write nothing");
}

/** @throws InvalidArgumentError which commander reports with the option's name. */
function floatType(text: string): DataType {
  if (isDataType(text) && isFloatingPoint(text)) return text;
  throw new InvalidArgumentError("Float types are float64, float32, float16, bfloat16, float8_e4m3fn and float8_e5m2.");
}
