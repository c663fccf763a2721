import type { DoctorOptions } from "./doctor.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerDoctor: RegisterCommand = (program, { terminal, version }) => {
  program
    .command("doctor")
    .description("say which runtimes and GPU adapters this machine has, and what to install")
    .option("--json", "print one JSON document on stdout and nothing else")
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import("./doctor.ts");
      await doctor(options, version(), terminal);
    });
};
