import { LongspanError } from "@longspan/core";
import { exitCodes, type ExitCode } from "../exit-code.ts";
import { givenJobs } from "../jobs/given-jobs.ts";
import { noteWarnings } from "../output/notes.ts";
import { isMany, runMany, type RunManyContext } from "./run-many.ts";
import { runSome } from "./run-some.ts";
import type { TextCommand, TextCommandOptions } from "./text-command.ts";

export interface TextCommandContext extends RunManyContext {
  readonly setExitCode: (code: ExitCode) => void;
}

/** Does what a command line gives, or what a file of jobs holds; exit code 1 where something of it has an error. */
export async function runTextCommand<Options extends TextCommandOptions>(
  model: string,
  options: Options,
  command: TextCommand<Options>,
  context: TextCommandContext,
): Promise<void> {
  const { terminal, signal, setExitCode } = context;
  let errors: number;
  if (isMany(options)) errors = await runMany(model, options, command, context);
  else {
    requireLines(options);
    const onNote = (note: string): void => noteWarnings([note], terminal);
    const given = await givenJobs(options, { terminal, signal, onNote });
    errors = await runSome(model, options, command, given, context);
  }
  if (errors > 0) setExitCode(exitCodes.input);
}

/** Options that are about files of jobs and of lines, and which of the two. */
const optionsOfLines = [
  ["resume", "--resume", "--output"],
  ["force", "--force", "--output"],
  ["unordered", "--unordered", "--output"],
  ["workers", "--workers", "--output"],
  ["inputFormat", "--input-format", "--input"],
  ["outputFormat", "--output-format", "--output"],
] as const;

/** @throws LongspanError `argument-invalid` for what is about lines, where none are read or written. */
function requireLines(options: TextCommandOptions): void {
  const found = optionsOfLines.find(([name]) => options[name] !== undefined);
  if (found === undefined) return;
  const [, option, file] = found;
  const standard = file === "--output" ? " (- is standard output)" : "";
  throw new LongspanError("argument-invalid", `${option} is for ${file}. Leave it out, or give ${file}${standard}.`);
}
