import { Option } from "commander";
import type { PageOptions } from "./page.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerPage: RegisterCommand = (program, { terminal, signal, codeFolder }) => {
  program
    .command("page")
    .description("the page: ask documents, look inside checkpoints, compare and convert them, in a browser on this machine")
    .addOption(new Option("--port <number>", "where it is served, on this machine alone").default("4711"))
    .option("--connect <origin...>", "let the page read checkpoints from there, too: https://models.example")
    .action(async (options: PageOptions) => {
      const { page } = await import("./page.ts");
      await page(options, codeFolder, terminal, signal);
    });
};
