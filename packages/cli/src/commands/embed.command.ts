import { InvalidArgumentError, Option } from "commander";
import type { PoolingMode } from "@longspan/pipelines";
import { addModelArgument } from "../model/model-options.ts";
import { addTextOptions } from "../model/pipeline-options.ts";
import type { EmbedOptions } from "./embed.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerEmbed: RegisterCommand = (program, { terminal, signal }) => {
  const command = program.command("embed").description("turn a text into a vector, with any Longformer");
  addTextOptions(addModelArgument(command))
    .addOption(
      new Option(
        "--pooling <ways>",
        `how a vector is made of the tokens', joined where there are several (with commas between): ${poolingWays.join(", ")}. As files of sentence-transformers say, or where there are none (default: mean)`,
      ).argParser(poolingOf),
    )
    .option("--normalize", "divide each vector by its length")
    .option("--prompt <text>", "what stands before each text")
    .option("--prompt-name <name>", "a prompt of the model's own, as files of sentence-transformers name it")
    .action(async (model: string, options: EmbedOptions) => {
      const { embed } = await import("./embed.ts");
      await embed(model, options, terminal, signal);
    });
};

/** Written out, since the pipelines are loaded only when a model runs; held to theirs by its type and by a test. */
export const poolingWays: readonly PoolingMode[] = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"];

function poolingOf(text: string): readonly PoolingMode[] {
  return text.split(",").map((name) => {
    const found = poolingWays.find((way) => way === name.trim());
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`Allowed are ${poolingWays.join(", ")}, with commas between.`);
  });
}
