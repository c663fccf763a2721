import { InvalidArgumentError, Option, type Command } from "commander";
import type { PoolingMode } from "@longspan/pipelines";
import { addBatchOptions } from "../model/batch-options.ts";
import { integerOption } from "../model/integer-option.ts";
import { addModelArgument } from "../model/model-options.ts";
import { addTextOptions } from "../model/pipeline-options.ts";
import type { EmbedOptions } from "./embed.ts";
import type { RegisterCommand } from "./register-command.ts";

export const registerEmbed: RegisterCommand = (program, { terminal, signal, setExitCode }) => {
  const command = program.command("embed").description("turn a text into a vector, with any Longformer");
  addBatchOptions(addTextOptions(addModelArgument(command)))
    .addOption(
      new Option(
        "--pooling <ways>",
        `how a vector is made of the tokens', joined where there are several (with commas between): ${poolingWays.join(", ")}. As files of sentence-transformers say, or where there are none (default: mean)`,
      ).argParser(poolingOf),
    )
    .option("--normalize", "divide each vector by its length")
    .option("--prompt <text>", "what stands before each text")
    .option("--prompt-name <name>", "a prompt of the model's own, as files of sentence-transformers name it")
    .option("--chunks", "a vector for each piece of a text, with where it begins and ends: for searching within texts")
    .option("--window-tokens <count>", "with --chunks: tokens a piece has at most (default: all that are read at once)", integerOption(1))
    .option("--stride-tokens <count>", "with --chunks: tokens that neighbouring pieces share, at most (default: 0)", integerOption(0))
    .action(async (model: string, options: EmbedOptions, declared: Command) => {
      const { embed } = await import("./embed.ts");
      await embed(model, options, { terminal, signal, setExitCode, declared });
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
