import { Option, type Command } from "commander";
import { integerOption, maxThreads } from "./integer-option.ts";
import { defaultRuntime, runtimeNames } from "../runtimes/load-runtime.ts";

/** What every command takes that runs a model. */
export interface RuntimeOptions {
  readonly runtime: string;
  readonly precision?: "float32" | "float16";
  /** Of the runtime ort. */
  readonly threads?: number;
}

export function addRuntimeOptions(command: Command, condition = ""): Command {
  return command
    .option(
      "--runtime <name>",
      `${condition}what computes: ${runtimeNames.join(", ")}; auto is the fastest here; or a module of your own (./mine.ts)`,
      defaultRuntime,
    )
    .addOption(new Option("--precision <type>", `${condition}what weights are kept in (default: float32)`).choices(["float32", "float16"]))
    .option(
      "--threads <count>",
      `${condition}of the runtime ort: threads that compute (default: all processors)`,
      integerOption(1, maxThreads),
    );
}

export interface ProfileOptions {
  readonly profile?: boolean;
}

export function addProfileOption(command: Command): Command {
  return command.option("--profile", "run twice, and say where the time of the second went: of each kernel and each layer");
}
