import { InvalidArgumentError, type Command } from "commander";
import { addReadingOptions, type ModelOptions } from "./model-options.ts";
import { addProfileOption, addRuntimeOptions, type ProfileOptions, type RuntimeOptions } from "./runtime-options.ts";

/** What every command takes that reads text with a model. */
export interface PipelineCommandOptions extends ModelOptions, RuntimeOptions, ProfileOptions {
  readonly layout?: string;
  readonly tokenizer?: string;
}

export function addPipelineOptions(command: Command): Command {
  return addProfileOption(addRuntimeOptions(addReadingOptions(command))).option(
    "--encoding <name>",
    "of documents that are texts: latin1, utf-16le, … (default: as they say or look)",
  );
}

export function addTextOptions(command: Command): Command {
  return addPipelineOptions(command)
    .option("--text <text>", "a text (repeatable)", repeatable, [])
    .option(
      "--document <file>",
      "a PDF, a .docx, HTML, Markdown or text, a URL, a folder (but for hidden files and links to folders in it), or a pattern in quotes; - reads standard input (repeatable)",
      repeatable,
      [],
    );
}

/** For options that may be given several times. */
export function repeatable(text: string, list: readonly string[]): readonly string[] {
  return [...list, text];
}

/** For options that are a share of 1. @throws InvalidArgumentError which commander reports with the option's name. */
export function shareOption(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("It is a number from 0 to 1.");
}
