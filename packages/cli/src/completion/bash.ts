import type { CommandWords } from "./command-words.ts";

/** A script for bash 3.2 and newer, with no other package: commands, options, and the values that an option may have; else files. */
export function bashCompletion(program: string, commands: readonly CommandWords[]): string {
  const names = commands.map(({ name }) => name).join(" ");
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ flags, takesValue, choices }) => {
      if (!takesValue) return [];
      const patterns = flags.map((flag) => `"${name} ${flag}"`).join(" | ");
      return [`    ${patterns}) ${choices === undefined ? "" : `${reply(choices)}; `}return ;;`];
    }),
  );
  const flags = commands.map(({ name, options, choices }) => {
    const all = options.flatMap((option) => option.flags);
    const words = choices === undefined ? "" : `[[ $current == -* ]] || { ${reply(choices)}; return; }; `;
    return `    ${name}) ${words}[[ $current == -* ]] && ${reply(all)} ;;`;
  });
  return `# Completion for ${program} in bash: source <(${program} completion bash)
_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "${names} help" -- "$current"))
    return
  fi
  case "$command $previous" in
${values.join("\n")}
  esac
  case "$command" in
    help) ${reply(commands.map(({ name }) => name))} ;;
${flags.join("\n")}
  esac
}
complete -o bashdefault -o default -F _${program} ${program}
`;
}

function reply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current"))`;
}
