import { type Checkpoint, type Head, headName, LongspanError } from "@longspan/core";
import type { SessionProfile } from "@longspan/core/runtime";
import type { PipelineHandle, PipelineOptions } from "@longspan/pipelines";
import { modelDigest } from "./model-digest.ts";
import { tokenizerFiles } from "./model-input.ts";
import { createCommandConverter, openModel, type OpeningContext } from "./open-model.ts";
import { asTyped, noteRuntime, noteWarnings } from "../output/notes.ts";
import { progressDisplay } from "../output/progress-display.ts";
import type { PipelineCommandOptions } from "./pipeline-options.ts";
import { requireProfile } from "./require-profile.ts";
import { loadRuntime } from "../runtimes/load-runtime.ts";
import type { Terminal } from "../terminal.ts";

/** What a command asks of a model. */
interface CommandNeeds {
  readonly command: string;
  /** The heads it runs, the usual first; undefined where any Longformer will do. */
  readonly heads: readonly [Head, ...Head[]] | undefined;
}

/** What a command does with a pipeline. */
export interface PipelineCommand<Pipeline extends PipelineHandle, Result> extends CommandNeeds {
  readonly create: (options: PipelineOptions, checkpoint: Checkpoint) => Promise<Pipeline>;
  readonly run: (pipeline: Pipeline, options: Pick<PipelineOptions, "signal" | "onProgress">) => Promise<Result>;
}

/** What every document has that a model's run ends with. */
interface RunFacts {
  readonly runtime: string;
  readonly device: string;
  /** Why this runtime. */
  readonly reason: string;
  readonly timings: { readonly loadMilliseconds: number; readonly runMilliseconds: number };
  /** With `--profile`: of the last batch of windows, run a second time. */
  readonly profile?: SessionProfile;
  readonly warnings: readonly string[];
}

export interface PipelineRun<Result> {
  readonly result: Result;
  readonly checkpoint: Checkpoint;
  readonly facts: RunFacts;
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
export async function runPipeline<Pipeline extends PipelineHandle, Result>(
  model: string,
  options: PipelineCommandOptions,
  { create, run, ...needs }: PipelineCommand<Pipeline, Result>,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<PipelineRun<Result>> {
  const started = performance.now();
  const { precision: dataType, profile, threads } = options;
  const { runtime, reason } = await loadRuntime(options.runtime, { dataType, threads });
  const checkpoint = await openFor(model, options, needs, { terminal, signal });
  const progress = await progressDisplay(terminal.error);
  try {
    requireHead(checkpoint, needs);
    const running = { signal, onProgress: progress.onProgress };
    const tokenizer = await tokenizerFiles(options, { terminal, signal });
    const pipeline = await create({ ...running, model: checkpoint, runtime, tokenizer, dataType, profile }, checkpoint);
    try {
      progress.stop();
      const { device } = pipeline;
      const readProfile = profile === true ? requireProfile(pipeline.profile, runtime.name, device) : undefined;
      noteRuntime(options.runtime, runtime.name, reason, terminal);
      noteWarnings(checkpoint.warnings, terminal);
      const loaded = performance.now();
      const result = await run(pipeline, running);
      const timings = { loadMilliseconds: loaded - started, runMilliseconds: performance.now() - loaded };
      // The first run may still compile and allocate.
      if (readProfile !== undefined) await run(pipeline, running);
      const taken = readProfile?.();
      const facts = { runtime: runtime.name, device, reason, timings, ...(taken === undefined ? {} : { profile: taken }) };
      return { result, checkpoint, facts: { ...facts, warnings: asTyped(checkpoint.warnings, terminal) } };
    } finally {
      await pipeline.dispose();
    }
  } finally {
    progress.stop();
    await checkpoint.close();
  }
}

/**
 * What tells a model from others, as the command line has it opened for a command: see `modelDigest`.
 * @throws LongspanError as `runPipeline` does for a model that it cannot run.
 */
export async function digestOfModel(
  model: string,
  options: PipelineCommandOptions,
  needs: CommandNeeds,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<string> {
  const checkpoint = await openFor(model, options, needs, { terminal, signal });
  try {
    requireHead(checkpoint, needs);
    return await modelDigest(checkpoint, await tokenizerFiles(options, { terminal, signal }), signal);
  } finally {
    await checkpoint.close();
  }
}

/** Where the names fit several heads and nothing says which, the command does: its weights are checked against that. */
async function openFor(
  model: string,
  options: PipelineCommandOptions,
  { heads }: CommandNeeds,
  context: OpeningContext,
): Promise<Checkpoint> {
  const converter = await createCommandConverter(options);
  const { checkpoint } = await openModel(converter, model, options, options.layout, context);
  const [usual] = heads ?? [];
  if (checkpoint.problem?.code !== "head-unknown" || options.head !== undefined || usual === undefined) return checkpoint;
  const candidates: unknown = checkpoint.problem.details.candidates;
  const chosen = heads?.find((head) => Array.isArray(candidates) && candidates.includes(head)) ?? usual;
  await checkpoint.close();
  return (await openModel(converter, model, { ...options, head: chosen }, options.layout, context)).checkpoint;
}

function requireHead({ name, head, problem }: Checkpoint, { command, heads }: CommandNeeds): void {
  if (problem !== undefined) throw problem;
  if (head === null || heads === undefined || heads.some((known) => known === head)) return;
  const found = head === "model" ? "no head" : `the head ${headName(head)}`;
  throw new LongspanError(
    "head-unknown",
    `${name} has ${found}; longspan ${command} needs ${heads.join(" or ")}. Give a checkpoint that was trained for it, or use ${typeof head === "string" ? commandOf[head] : "longspan run"}.`,
    { details: { model: name, head: headName(head), needed: heads } },
  );
}
