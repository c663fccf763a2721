import type { Command } from "commander";

/** An option as a shell completes it. */
export interface OptionWords {
  /** `--document`, and `-o` where there is one. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** What the value may be; undefined where it may be anything, such as a file. */
  readonly choices: readonly string[] | undefined;
}

/** A command as a shell completes it. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** What its argument may be, where that is no file. */
  readonly choices: readonly string[] | undefined;
}

/** @param values what options may be that say so in words alone, by their long flag */
export function commandWords(program: Command, values: Readonly<Record<string, readonly string[]>>): readonly CommandWords[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    choices: command.registeredArguments[0]?.argChoices,
    options: command
      .createHelp()
      .visibleOptions(command)
      .map(({ short, long, description, required, optional, argChoices }) => ({
        flags: [long, short].filter((flag) => flag !== undefined),
        description: shortened(description),
        takesValue: required || optional,
        choices: argChoices ?? values[long ?? ""],
      })),
  }));
}

/** What a line of a menu has room for. */
const menuWidth = 72;

/** A line of a menu: whole words. */
function shortened(text: string): string {
  const [line = ""] = text.split(/;| \(default/);
  return line.length <= menuWidth ? line : `${line.slice(0, menuWidth).replace(/[\s,:(]+\S*$/, "")} …`;
}
