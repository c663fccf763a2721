import { CommanderError, type Command } from "commander";
import { readFileSync } from "node:fs";
import type { CommandContext } from "./commands/register-command.ts";
import { standardCommands } from "./commands/standard-commands.ts";
import { exitCodes } from "./exit-code.ts";
import { withOptionFlags } from "./output/option-names.ts";
import type { Terminal } from "./terminal.ts";
import { NamedCommand } from "./help/named-command.ts";
import { overviewExamples } from "./help/examples.ts";
import { addExamples, describeOption, groupOptions } from "./help/group-options.ts";

/** The command line: what is true of the whole, and every command as it registers itself. */
export function createProgram({ terminal: given, signal, setExitCode }: Omit<CommandContext, "version" | "codeFolder">): Command {
  let running: Command | undefined;
  const terminal: Terminal = {
    get input() {
      return given.input;
    },
    out: given.out,
    error: given.error,
    pipes: new Map(),
    told: (sentence) => withOptionFlags(sentence, running),
  };
  const program = new NamedCommand("longspan")
    .description("Longformer checkpoints of any framework: what they are, into any other, whether two are the same, and what they give")
    .option("-V, --version", "output the version number")
    .on("option:version", () => {
      terminal.out.write(`${ownVersion()}\n`);
      throw new CommanderError(exitCodes.done, "commander.version", "version");
    })
    .configureHelp({ optionDescription: describeOption })
    .exitOverride()
    .helpCommand("help [command]", "display help for a command")
    .showHelpAfterError("(longspan --help lists the commands)")
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.error.write(text) });
  program.hook("preAction", (_, command) => {
    running = command;
  });
  for (const register of standardCommands) {
    register(program, { terminal, signal, setExitCode, version: ownVersion, codeFolder: import.meta.url });
  }
  for (const command of program.commands) {
    refuseTwice(command);
    groupOptions(command);
    command.showHelpAfterError(`(longspan ${command.name()} --help lists the options)`);
  }
  addExamples(program, overviewExamples);
  return program;
}

/**
 * What commander would not say: of a command that there is not, with `--help` or behind `help`, it shows the overview.
 * @returns the words that are run: `help` and `help help` are the overview that was asked for
 */
export function knownWords(program: Command, words: readonly string[]): readonly string[] {
  const [first = "-", second] = words;
  const isKnown = (name: string): boolean => program.commands.some((command) => command.name() === name);
  if (first === "help" && (second === undefined || second === "help")) return ["--help"];
  const name = first === "help" ? second : first;
  if (name !== undefined && !name.startsWith("-") && !isKnown(name))
    program.error(`error: unknown command '${name}'`, { code: "commander.unknownCommand" });
  return words;
}

/** An option that takes one value and is given two would lose one of them silently. */
function refuseTwice(command: Command): void {
  for (const option of command.options) {
    const isList = Array.isArray(option.defaultValue);
    if (!option.required || option.variadic || isList) continue;
    let times = 0;
    command.on(`option:${option.name()}`, () => {
      if (++times > 1)
        command.error(`error: option '${option.flags}' was given twice, and takes one value`, { code: "longspan.optionTwice" });
    });
  }
}

function ownVersion(): string {
  const { version }: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return version;
}
