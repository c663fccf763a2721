import { Option, type Command } from "commander";
import { addBatchOptions } from "../model/batch-options.ts";
import { addModelArgument } from "../model/model-options.ts";
import { addTextOptions } from "../model/pipeline-options.ts";
import type { ClassifyOptions } from "./classify.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerClassify: RegisterCommand = (program, { terminal, signal, setExitCode }) => {
  const command = program.command("classify").description("say what a text is, or what its tokens are: as the model's head has it");
  addBatchOptions(addTextOptions(addModelArgument(command)))
    .addOption(
      new Option("--scores <function>", "texts: how scores come of logits (default: as the configuration says)").choices([
        "softmax",
        "sigmoid",
        "none",
      ]),
    )
    .addOption(
      new Option(
        "--window-scores <way>",
        "long texts: a label's score is the mean or the largest of its windows', or only the first is read (default: mean)",
      ).choices(["mean", "max", "first"]),
    )
    .addOption(
      new Option("--aggregation <way>", "tokens: each by itself, or neighbours of one label together (default: none)").choices([
        "none",
        "simple",
      ]),
    )
    .action(async (model: string, options: ClassifyOptions, declared: Command) => {
      const { classify } = await import("./classify.ts");
      await classify(model, options, { terminal, signal, setExitCode, declared });
    });
};
