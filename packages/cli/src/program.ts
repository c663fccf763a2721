import { Command, CommanderError } from "commander";
import { readFileSync } from "node:fs";
import type { CommandContext } from "./commands/register-command.ts";
import { standardCommands } from "./commands/standard-commands.ts";
import { exitCodes } from "./exit-code.ts";

/** The command line: what is true of the whole, and every command as it registers itself. */
export function createProgram({ terminal, signal, setExitCode }: Omit<CommandContext, "version">): Command {
  const program = new Command("longspan")
    .description("Longformer checkpoints of any framework: what they are, into any other, whether two are the same, and what they give")
    .option("-V, --version", "output the version number")
    .on("option:version", () => {
      terminal.out.write(`${ownVersion()}\n`);
      throw new CommanderError(exitCodes.done, "commander.version", "version");
    })
    .exitOverride()
    .showHelpAfterError("(longspan <command> --help lists the options)")
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.error.write(text) });
  for (const register of standardCommands) register(program, { terminal, signal, setExitCode, version: ownVersion });
  program.action(() => {
    program.outputHelp({ error: true });
    setExitCode(exitCodes.usage);
  });
  return program;
}

function ownVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return version;
}
