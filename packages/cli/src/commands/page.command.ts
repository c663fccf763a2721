import { integerOption, maxPort } from "../model/integer-option.ts";
import type { PageOptions } from "./page.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerPage: RegisterCommand = (program, { terminal, signal, codeFolder }) => {
  program
    .command("page")
    .description("the page: ask documents, look inside checkpoints, compare and convert them, in a browser on this machine")
    .option("--port <number>", "where it is served, on this machine alone (0: any that is free)", integerOption(0, maxPort), 4711)
    .option("--connect <origin...>", "let the page read checkpoints from there, too: https://models.example")
    .action(async (options: PageOptions) => {
      const { page } = await import("./page.ts");
      await page(options, codeFolder, terminal, signal);
    });
};
