import { LongspanError, type Checkpoint, type Head } from "@longspan/core";
import type { PipelineOptions } from "@longspan/pipelines";
import { folderInput } from "./model-input.ts";
import { createCommandConverter, openModel } from "./model-options.ts";
import { noteWarnings } from "./output/notes.ts";
import { progressDisplay } from "./output/progress-display.ts";
import type { PipelineCommandOptions } from "./pipeline-options.ts";
import { loadRuntime } from "./runtimes.ts";
import type { Terminal } from "./terminal.ts";

/** What a command asks of a model. */
export interface CommandNeeds {
  readonly command: string;
  /** The heads it runs, the usual first; undefined where any Longformer will do. */
  readonly heads: readonly [Head, ...Head[]] | undefined;
}

/** A pipeline of the command's own, with what it says of itself. */
interface Prepared {
  readonly runtime: string;
  readonly device: string;
  dispose(): Promise<void>;
}

export interface PipelineRun<Result> {
  readonly result: Result;
  readonly checkpoint: Checkpoint;
  readonly runtime: string;
  readonly device: string;
  readonly timings: { readonly loadMilliseconds: number; readonly runMilliseconds: number };
}

const commandOf: Readonly<Record<Head, string>> = {
  model: "longspan embed",
  "question-answering": "longspan ask",
  "masked-lm": "longspan fill",
  "sequence-classification": "longspan classify",
  "token-classification": "longspan classify",
  "multiple-choice": "longspan run",
};

/**
 * Opens a model as the command line says, makes a pipeline of it, runs it, and frees everything.
 * @throws LongspanError `head-unknown` for a head that the command does not run; what opening, preparing and running throw.
 */
export async function runPipeline<Pipeline extends Prepared, Result>(
  model: string,
  options: PipelineCommandOptions,
  needs: CommandNeeds,
  terminal: Terminal,
  signal: AbortSignal,
  create: (options: PipelineOptions, checkpoint: Checkpoint) => Promise<Pipeline>,
  run: (pipeline: Pipeline, options: Pick<PipelineOptions, "signal" | "onProgress">) => Promise<Result>,
): Promise<PipelineRun<Result>> {
  const started = performance.now();
  const runtime = await loadRuntime(options.runtime);
  const checkpoint = await openFor(model, options, needs, signal);
  const progress = await progressDisplay(terminal.error);
  try {
    requireHead(checkpoint, needs);
    const running = { signal, onProgress: progress.onProgress };
    const tokenizer = options.tokenizer === undefined ? undefined : await folderInput(options.tokenizer);
    const pipeline = await create({ ...running, model: checkpoint, runtime, tokenizer }, checkpoint);
    try {
      progress.stop();
      noteWarnings(checkpoint.warnings, terminal);
      const loaded = performance.now();
      const result = await run(pipeline, running);
      const timings = { loadMilliseconds: loaded - started, runMilliseconds: performance.now() - loaded };
      return { result, checkpoint, runtime: pipeline.runtime, device: pipeline.device, timings };
    } finally {
      await pipeline.dispose();
    }
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}

/** Where the names fit several heads and nothing says which, the command does: its weights are checked against that. */
async function openFor(model: string, options: PipelineCommandOptions, { heads }: CommandNeeds, signal: AbortSignal): Promise<Checkpoint> {
  const converter = await createCommandConverter(options);
  const { checkpoint } = await openModel(converter, model, options, options.layout, signal);
  const [usual] = heads ?? [];
  if (checkpoint.problem?.code !== "head-unknown" || options.head !== undefined || usual === undefined) return checkpoint;
  const candidates: unknown = checkpoint.problem.details.candidates;
  const chosen = heads?.find((head) => Array.isArray(candidates) && candidates.includes(head)) ?? usual;
  await checkpoint.close();
  return (await openModel(converter, model, { ...options, head: chosen }, options.layout, signal)).checkpoint;
}

function requireHead({ name, head, problem }: Checkpoint, { command, heads }: CommandNeeds): void {
  if (problem !== undefined) throw problem;
  if (head === null || heads === undefined || heads.includes(head)) return;
  const found = head === "model" ? "no head" : `the head ${head}`;
  throw new LongspanError(
    "head-unknown",
    `${name} has ${found}; longspan ${command} needs ${heads.join(" or ")}. Give a checkpoint that was trained for it, or use ${commandOf[head]}.`,
    { details: { model: name, head, needed: heads } },
  );
}
