import { Argument } from "commander";
import { runtimeNames } from "../runtimes/load-runtime.ts";
import { floatNames, targetNames } from "../model/output-options.ts";
import { poolingWays } from "./embed.command.ts";
import type { RegisterCommand } from "./register-command.ts";

const shells = ["bash", "zsh", "fish"] as const;

export const registerCompletion: RegisterCommand = (program, { terminal }) => {
  program
    .command("completion")
    .description("print what makes a shell complete this command line")
    .addArgument(new Argument("<shell>", "the shell").choices([...shells]))
    .action(async (shell: (typeof shells)[number]) => {
      const { commandWords } = await import("../completion/command-words.ts");
      const { heads } = await import("@longspan/core");
      const words = commandWords(program, {
        "--runtime": runtimeNames,
        "--to": targetNames,
        "--dtype": floatNames,
        "--head": heads,
        "--pooling": poolingWays,
      });
      const { completionScripts } = await import("../completion/completion-scripts.ts");
      terminal.out.write(completionScripts[shell](program.name(), words));
    });
};
