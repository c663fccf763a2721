import { Option } from "commander";
import { addModelArgument } from "../model/model-options.ts";
import { addTextOptions } from "../model/pipeline-options.ts";
import type { EmbedOptions } from "./embed.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerEmbed: RegisterCommand = (program, { terminal, signal }) => {
  const command = program.command("embed").description("turn a text into a vector, with any Longformer");
  addTextOptions(addModelArgument(command))
    .addOption(
      new Option("--pooling <way>", "the mean of all tokens' vectors, or the first token's (default: mean)").choices(["mean", "cls"]),
    )
    .option("--normalize", "divide each vector by its length")
    .action(async (model: string, options: EmbedOptions) => {
      const { embed } = await import("./embed.ts");
      await embed(model, options, terminal, signal);
    });
};
