import { addModelArgument, addReadingOptions } from "../model/model-options.ts";
import { addProfileOption, addRuntimeOptions } from "../model/runtime-options.ts";
import type { RegisterCommand } from "./register-command.ts";
import type { RunCommandOptions } from "./run.ts";

export const registerRun: RegisterCommand = (program, { terminal, signal }) => {
  const command = program.command("run").description("run the bare model: tensors in, tensors out under Hugging Face's names");
  addProfileOption(addRuntimeOptions(addReadingOptions(addModelArgument(command))))
    .requiredOption(
      "--inputs <file>",
      "input_ids and the like, [batch, sequence]: JSON of nested lists, or safetensors; - reads standard input",
    )
    .option("-o, --output <file>", "write the outputs as safetensors")
    .option("--outputs <names>", "which outputs, with commas between: logits, hidden_states (all of them), hidden_states.3, attentions, …")
    .option("--force", "replace an existing output")
    .action(async (model: string, options: RunCommandOptions) => {
      const { runModel } = await import("./run.ts");
      await runModel(model, options, terminal, signal);
    });
};
