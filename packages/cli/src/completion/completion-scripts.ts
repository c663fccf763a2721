import { bashCompletion } from "./bash.ts";
import type { CommandWords } from "./command-words.ts";
import { fishCompletion } from "./fish.ts";
import { zshCompletion } from "./zsh.ts";

/** What makes each shell complete a program's commands. */
export const completionScripts: Readonly<Record<"bash" | "zsh" | "fish", (program: string, commands: readonly CommandWords[]) => string>> =
  {
    bash: bashCompletion,
    zsh: zshCompletion,
    fish: fishCompletion,
  };
