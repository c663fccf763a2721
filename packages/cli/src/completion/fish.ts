import type { CommandWords } from "./command-words.ts";

/** A script for fish. */
export function fishCompletion(program: string, commands: readonly CommandWords[]): string {
  const line = (...words: readonly string[]): string => `complete -c ${program} ${words.join(" ")}`;
  const lines = commands.flatMap(({ name, description, options, choices }) => {
    const within = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      line("-n __fish_use_subcommand", "-f", `-a ${name}`, `-d ${quoted(description)}`),
      ...(choices === undefined ? [] : [line(within, "-f", `-a ${quoted(choices.join(" "))}`)]),
      ...options.map(({ flags, description: what, takesValue, choices: values }) => {
        const spelled = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
        const value = values === undefined ? (takesValue ? ["-r"] : []) : ["-x", `-a ${quoted(values.join(" "))}`];
        return line(within, ...spelled, ...value, `-d ${quoted(what)}`);
      }),
    ];
  });
  return `# Completion for ${program} in fish: ${program} completion fish > ~/.config/fish/completions/${program}.fish
${lines.join("\n")}
${line("-n __fish_use_subcommand", "-f", "-a help", "-d 'display help for a command'")}
${line("-n '__fish_seen_subcommand_from help'", "-f", `-a ${quoted(commands.map(({ name }) => name).join(" "))}`)}
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;
}
