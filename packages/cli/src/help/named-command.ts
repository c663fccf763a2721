import { Command } from "commander";
import { didYouMean, nearNames } from "../output/near-names.ts";

/** A command whose errors of usage name what was most likely meant, and the command that lists what there is. */
export class NamedCommand extends Command {
  constructor(name?: string) {
    super(name);
    // Its own offers are by distance alone.
    this.showSuggestionAfterError(false);
  }

  override createCommand(name?: string): NamedCommand {
    return new NamedCommand(name);
  }

  override error(message: string, options?: { readonly exitCode?: number; readonly code?: string }): never {
    const lines = [message, ...hintsOf(message, this)];
    return super.error(lines.join("\n"), options);
  }
}

function hintsOf(message: string, command: Command): readonly string[] {
  const [, flag] = /unknown option '(--?[^'=]*)/.exec(message) ?? [];
  if (flag !== undefined) {
    const flags = command.options.flatMap(({ long }) => (long === undefined ? [] : [long.slice(2)]));
    return [didYouMean(nearNames(flag.replace(/^--?/, ""), [...flags, "help"]).map((name) => `--${name}`))].filter((hint) => hint !== "");
  }
  const [, name] = /unknown command '([^']*)'/.exec(message) ?? [];
  if (name !== undefined)
    return [
      didYouMean(
        nearNames(
          name,
          command.commands.map((one) => one.name()),
        ),
      ),
    ].filter((hint) => hint !== "");
  const takesDocuments = command.options.some(({ long }) => long === "--document");
  if (message.includes("too many arguments") && takesDocuments)
    return [
      '(A text with spaces and a pattern of files are in quotes, or the shell makes several words of them: --document "contracts/*.pdf")',
    ];
  return [];
}
