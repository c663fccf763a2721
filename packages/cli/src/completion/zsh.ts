import type { CommandWords, OptionWords } from "./command-words.ts";

/** A script for zsh: sourced, or in a folder of $fpath as `_longspan`. */
export function zshCompletion(program: string, commands: readonly CommandWords[]): string {
  const described = commands.map(({ name, description }) => `    ${quoted(`${name}:${escaped(description)}`)}`);
  const cases = commands.map(({ name, options, choices }) => {
    const argument = choices === undefined ? "'*:file:_files'" : quoted(`1:${name}:(${choices.join(" ")})`);
    return `    ${name})\n      _arguments \\\n${options.flatMap((option) => optionSpecs(option)).join(" \\\n")} \\\n        ${argument} ;;`;
  });
  return `#compdef ${program}
# Completion for ${program} in zsh: source <(${program} completion zsh)
_${program}() {
  local -a commands
  commands=(
${described.join("\n")}
    'help:display help for a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    help) _describe command commands ;;
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _${program} ]]; then
  _${program} "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _${program} ${program}
fi
`;
}

/** Each may be given more than once: which may not, the program says. */
function optionSpecs({ flags, description, takesValue, choices }: OptionWords): readonly string[] {
  const action = choices === undefined ? "_files" : `(${choices.join(" ")})`;
  return flags.map((flag) => `        ${quoted(`*${flag}[${escaped(description)}]${takesValue ? `:value:${action}` : ""}`)}`);
}

function escaped(text: string): string {
  return text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
