import { type Command, CommanderError } from "commander";
import { LongspanError } from "@longspan/core";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-code.ts";
import { isModulePath } from "./load-module.ts";
import { jsonDocument } from "./output/json-document.ts";
import { withOptionFlags } from "./output/option-names.ts";
import { suggestedCommand } from "./output/suggested-command.ts";
import { createProgram, knownWords } from "./program.ts";
import { styled, writeLine, writeText, type Terminal } from "./terminal.ts";

/** Runs one command line and says how the process should end. Never throws. */
export async function run(argumentsGiven: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.done;
  const program = createProgram({
    terminal,
    signal,
    setExitCode(code) {
      exitCode = code;
    },
  });
  try {
    await program.parseAsync([...knownWords(program, argumentsGiven)], { from: "user" });
    return exitCode;
  } catch (error) {
    const command = program.commands.find((one) => one.name() === argumentsGiven[0]);
    return report(error, { argumentsGiven, command, terminal });
  }
}

interface ReportOptions {
  readonly argumentsGiven: readonly string[];
  readonly command: Command | undefined;
  readonly terminal: Terminal;
}

function report(error: unknown, { argumentsGiven, command, terminal: { out, error: stderr } }: ReportOptions): ExitCode {
  const json = argumentsGiven.includes("--json");
  if (error instanceof CommanderError) {
    // Commander has already said it on stderr; help and version end well.
    if (error.exitCode === 0) return exitCodes.done;
    if (json) out.write(jsonDocument({ error: { code: "usage", message: error.message } }));
    return exitCodes.usage;
  }
  if (LongspanError.isInstance(error)) {
    const told = withOptionFlags(error.message, command);
    if (json) out.write(jsonDocument({ error: { code: error.code, message: told, details: error.details } }));
    else {
      // Lines of a message are ours: what files say in it has none.
      for (const [index, line] of told.split("\n").entries())
        writeLine(stderr, ...(index === 0 ? [styled("red", "error"), `  ${line}`] : [`       ${line}`]));
      const suggested = suggestedCommand(error, argumentsGiven);
      if (suggested !== undefined) writeLine(stderr, styled("cyan", "try"), `    ${suggested}`);
    }
    return exitCodeOf(error);
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json) out.write(jsonDocument({ error: { code: "bug", message } }));
  else {
    const own = ownModules(command);
    const where =
      own.length === 0 ? "This is a bug in longspan." : `This is a bug in longspan, or in ${own.join(", ")}, which it was given.`;
    writeLine(stderr, styled("red", where), " Please report it with the command line and what follows:");
    for (const line of message.split("\n")) writeText(stderr, line);
  }
  return exitCodes.bug;
}

/** The modules of the user's own that a command was given: their code runs, too. */
function ownModules(command: Command | undefined): readonly string[] {
  const { adapter = [], head, runtime } = command?.opts<{ adapter?: readonly string[]; head?: string; runtime?: string }>() ?? {};
  const named = [head, runtime].filter((name) => name !== undefined);
  return [...adapter, ...named.filter((name) => isModulePath(name) || name.includes("/"))];
}
