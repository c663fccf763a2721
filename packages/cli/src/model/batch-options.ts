import { Option, type Command } from "commander";
import type { OutputFormat } from "../answers/answer-formats.ts";
import type { InputFormat } from "../jobs/open-jobs.ts";
import { integerOption, maxWorkers } from "./integer-option.ts";

/** What every command takes that answers many things at once. */
export interface BatchOptions {
  readonly input?: string;
  readonly inputFormat?: InputFormat;
  readonly output?: string;
  readonly outputFormat?: OutputFormat;
  readonly resume?: boolean;
  readonly force?: boolean;
  readonly unordered?: boolean;
  readonly workers?: number;
  readonly batchSize?: number;
}

/** Options that are the whole run's: a worker is not told them. */
export const runOptionNames: readonly string[] = [
  "input",
  "inputFormat",
  "output",
  "outputFormat",
  "resume",
  "force",
  "unordered",
  "workers",
];

export function addBatchOptions(command: Command): Command {
  return command
    .option("--input <file>", "a file of jobs (.jsonl, .csv, .parquet), or - for JSON Lines on standard input")
    .addOption(
      new Option("--input-format <format>", "what --input is, where its name does not say it").choices(["jsonl", "csv", "parquet"]),
    )
    .option("-o, --output <file>", "a line for each answer, in a file (.jsonl, .csv), or - for standard output")
    .addOption(new Option("--output-format <format>", "what --output is, where its name does not say it").choices(["jsonl", "csv"]))
    .option("--resume", "go on with an output that an earlier run began: what it holds is not done again")
    .option("--force", "replace an existing output")
    .option("--unordered", "write answers as they come, not in the order of the input")
    .option("--workers <count>", "processes that run the model, each with its share of the processor", integerOption(1, maxWorkers))
    .option(
      "--batch-size <windows>",
      "windows that run at once (default: as many as have the tokens of the model's longest)",
      integerOption(1),
    );
}
