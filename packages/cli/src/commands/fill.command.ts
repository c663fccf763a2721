import type { Command } from "commander";
import { addBatchOptions } from "../model/batch-options.ts";
import { addModelArgument } from "../model/model-options.ts";
import { integerOption } from "../model/integer-option.ts";
import { addTextOptions } from "../model/pipeline-options.ts";
import type { FillOptions } from "./fill.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerFill: RegisterCommand = (program, { terminal, signal, setExitCode }) => {
  const command = program.command("fill").description("find words for each <mask> of a text");
  addBatchOptions(addTextOptions(addModelArgument(command)))
    .option("--top-k <count>", "how many words for each mask, the best first (default: 5)", integerOption(1))
    .action(async (model: string, options: FillOptions, declared: Command) => {
      const { fill } = await import("./fill.ts");
      await fill(model, options, { terminal, signal, setExitCode, declared });
    });
};
