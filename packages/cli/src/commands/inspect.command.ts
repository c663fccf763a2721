import { addModelArgument, addReadingOptions } from "../model/model-options.ts";
import type { InspectOptions } from "./inspect.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerInspect: RegisterCommand = (program, { terminal, signal }) => {
  const command = program.command("inspect").description("say what a checkpoint is: container, layout, head, configuration, tensors");
  addReadingOptions(addModelArgument(command)).action(async (model: string, options: InspectOptions) => {
    const { inspect } = await import("./inspect.ts");
    await inspect(model, options, terminal, signal);
  });
};
