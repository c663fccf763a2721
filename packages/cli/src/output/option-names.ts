import type { Command } from "commander";
import { LongspanError } from "@longspan/core";

/** What a program says, after what a command line does: `--force (option force)`, `(--window, option window)`, `(HF_HUB_OFFLINE, option offline)`. */
const saidTwice = /(?<=--[a-z][^().;:]*|\b[A-Z]+_[A-Z_]+(?:=\d)?) \(option \w+\)|[,;] option \w+(?=\))/g;

/**
 * A message of the library in the words of the command line: `windowTokens` is `--window-tokens` there, and `(option tokenizer)` is `(--tokenizer)`. Only names of options
 * that the command has. What the command line calls by its name already is not said twice.
 */
export function withOptionFlags(message: string, command: Command | undefined): string {
  let told = command === undefined ? message : message.replaceAll(saidTwice, "");
  // Only commands that write a layout as well have two options for it.
  const writes = command?.options.some(({ long }) => long === "--from-layout") ?? true;
  if (!writes) told = told.replaceAll("--from-layout", "--layout");
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
