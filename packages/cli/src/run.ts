import { CommanderError } from "commander";
import { LongspanError } from "@longspan/core";
import { exitCodeOf, exitCodes, type ExitCode } from "./exit-code.ts";
import { jsonDocument } from "./output/json-document.ts";
import { suggestedCommand } from "./output/suggested-command.ts";
import { createProgram } from "./program.ts";
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
    await program.parseAsync([...argumentsGiven], { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, argumentsGiven, terminal);
  }
}

function report(error: unknown, argumentsGiven: readonly string[], { out, error: stderr }: Terminal): ExitCode {
  const json = argumentsGiven.includes("--json");
  if (error instanceof CommanderError) {
    // Commander has already said it on stderr; help and version end well.
    if (error.exitCode === 0) return exitCodes.done;
    if (json) out.write(jsonDocument({ error: { code: "usage", message: error.message } }));
    return exitCodes.usage;
  }
  if (LongspanError.isInstance(error)) {
    if (json) out.write(jsonDocument({ error: { code: error.code, message: error.message, details: error.details } }));
    else {
      // Lines of a message are ours: what files say in it has none.
      for (const [index, line] of error.message.split("\n").entries())
        writeLine(stderr, ...(index === 0 ? [styled("red", "error"), `  ${line}`] : [`       ${line}`]));
      const suggested = suggestedCommand(error, argumentsGiven);
      if (suggested !== undefined) writeLine(stderr, styled("cyan", "try"), `    ${suggested}`);
    }
    return exitCodeOf(error);
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (json) out.write(jsonDocument({ error: { code: "bug", message } }));
  else {
    writeLine(stderr, styled("red", "This is a bug in longspan."), " Please report it with the command line and what follows:");
    for (const line of message.split("\n")) writeText(stderr, line);
  }
  return exitCodes.bug;
}
