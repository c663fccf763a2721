import type { Command } from "commander";
import { LongspanError } from "@longspan/core";

/**
 * A message of the library in the words of the command line: `windowTokens` is `--window-tokens` there, and `(option tokenizer)` is `(--tokenizer)`. Only names of options
 * that the command has.
 */
export function withOptionFlags(message: string, command: Command | undefined): string {
  let told = message;
  for (const option of command?.options ?? []) {
    const name = option.attributeName();
    const flag = option.long ?? option.flags;
    told = told.replaceAll(new RegExp(String.raw`\boptions? ${name}\b`, "g"), flag);
    // A word with a capital inside is a name of ours, and none of a file's or a text's but in quotes.
    if (/[A-Z]/.test(name)) told = told.replaceAll(new RegExp(String.raw`(?<![\w"'./-])${name}(?![\w"'./-])`, "g"), flag);
  }
  return told;
}

/** An error of one of many things, in the words of the command line. */
export function errorAsTyped(error: Error, command: Command): Error {
  if (!LongspanError.isInstance(error)) return error;
  const told = withOptionFlags(error.message, command);
  return told === error.message ? error : new LongspanError(error.code, told, { details: error.details, cause: error });
}
