import { addModelArgument, addModelOptions } from "../model/model-options.ts";
import { addOutputOptions, type OutputOptions } from "../model/output-options.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerConvert: RegisterCommand = (program, { terminal, signal }) => {
  const command = program.command("convert").description("write a checkpoint in another framework's form");
  addOutputOptions(addModelOptions(addModelArgument(command))).action(async (model: string, options: OutputOptions) => {
    const { convert } = await import("./convert.ts");
    await convert(model, options, terminal, signal);
  });
};
