import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { LongspanError } from "@longspan/core";
import { runOptionNames } from "../model/batch-options.ts";
import { isReadOnce } from "../read-once.ts";
import { noteRuntime } from "../output/notes.ts";
import { defaultRuntime, loadRuntime } from "../runtimes/load-runtime.ts";
import type { Terminal } from "../terminal.ts";
import type { TextCommandOptions } from "./text-command.ts";
import { ownProgram, withoutOptions } from "./worker-process.ts";

/** How a worker's command line differs from this one's. */
export interface WorkerWords {
  /** The command that it runs, in place of this one's. */
  readonly command: string;
  /** Further options that are not a worker's, by their names in the program. */
  readonly besides?: readonly string[];
}

/**
 * What starts a worker: this program with the options of this command line that are about the model, each with its share of the processor.
 * @throws LongspanError `argument-invalid` where the runtime is on a GPU, of which several processes have no more than one, and
 * for a pipe, which each of them would have to read.
 */
export async function workerCommand(
  options: TextCommandOptions,
  declared: Command,
  terminal: Terminal,
  { command, besides = [] }: WorkerWords,
): Promise<readonly string[]> {
  const { workers: count = 1, runtime: asked, precision: dataType, threads } = options;
  await refusePipes(options);
  const { runtime, reason } = await loadRuntime(asked, { dataType, threads });
  if (runtime.name === "webgpu")
    throw new LongspanError(
      "argument-invalid",
      "--workers is for runtimes on the processor: several processes share one GPU and are no faster. Leave it out, or say --runtime ort.",
    );
  noteRuntime(asked, runtime.name, reason, terminal);
  const share = threads ?? Math.max(1, Math.floor(availableParallelism() / count));
  const others = [...runOptionNames, "question", "document", "text", "runtime", "threads", "json", ...besides];
  const kept = withoutOptions(process.argv.slice(2), declared, others);
  const words = kept.with(kept.indexOf(declared.name()), command);
  // What was chosen here is not chosen again by each; a module of the user's is its path.
  const named = asked === defaultRuntime ? runtime.name : asked;
  const its = ["--input", "-", "--output", "-", "--unordered", "--json", "--runtime", named];
  // Behind `--` there are no options.
  const end = words.indexOf("--");
  const [own, rest] = end === -1 ? [words, []] : [words.slice(0, end), words.slice(end)];
  return [...ownProgram(), ...own, ...its, ...(named === "ort" ? ["--threads", String(share)] : []), ...rest];
}

/** A worker has its own pipes, and the bytes of this process's come but once. */
async function refusePipes({ config, adapterConfig, layout }: TextCommandOptions): Promise<void> {
  for (const [option, path] of Object.entries({ config, "adapter-config": adapterConfig, layout })) {
    if (path === undefined || !(await isReadOnce(path))) continue;
    throw new LongspanError(
      "argument-invalid",
      `--${option} ${path} can be read but once, and with --workers each of them reads it. Save it to a file first, or leave --workers out.`,
      { details: { option, path } },
    );
  }
}
