import type { Command } from "commander";
import { LongspanError } from "@longspan/core";
import { batchCounts, type BatchCounts } from "../answers/batch-counts.ts";
import { jobTextReader } from "../jobs/job-text.ts";
import { uniqueJobs, type Job } from "../jobs/job.ts";
import { lineOptions, type LineOptions } from "../jobs/line-options.ts";
import type { JobOutcome } from "../jobs/text-pipeline.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import { noteWarnings } from "../output/notes.ts";
import { errorAsTyped } from "../output/option-names.ts";
import { progressDisplay } from "../output/progress-display.ts";
import { styled, writeLine, type Terminal } from "../terminal.ts";
import { openOutput, type Output } from "./open-output.ts";
import { openSource, type Source } from "./open-source.ts";
import type { TextCommand, TextCommandOptions } from "./text-command.ts";
import { workerCommand } from "./worker-command.ts";
import { workerOutcomes } from "./worker-pool.ts";
import { announceReady } from "./worker-process.ts";

export interface RunManyContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** The command as it was declared: which options there are, and how they are read. */
  readonly declared: Command;
}

/** Whether the options mean a run that writes lines. */
export function isMany({ input, output, resume, unordered, workers }: TextCommandOptions): boolean {
  return input !== undefined || output !== undefined || resume === true || unordered === true || workers !== undefined;
}

/**
 * Does many jobs and writes a line for each: its result, or its error. Memory does not grow with their number.
 * @returns how many lines of the output have an error.
 * @throws LongspanError `argument-invalid`, `target-exists`; what no job is to blame for. What is written by then stays, and `--resume`
 * goes on.
 */
export async function runMany<Options extends TextCommandOptions>(
  model: string,
  options: Options,
  command: TextCommand<Options>,
  context: RunManyContext,
): Promise<number> {
  const { terminal, signal, declared } = context;
  if (options.profile === true)
    throw new LongspanError("argument-invalid", "--profile says where the time of one run went: leave it out with --input and --output.");
  const source = await openSource(options, terminal, signal);
  try {
    const output = await openOutput(options, source.files, command, terminal);
    const own = lineOptions(declared, command.lineOptions);
    let [read, written, unread] = [0, 0, 0];
    const counts = batchCounts(() => ({ jobs: read, total: source.total, share: source.share() }));
    let isDiscarded = false;
    const { say, stop } = await progressDisplay(terminal.error);
    const jobs = jobsLeft(source, output, counts, () => read++);
    try {
      const write = async (outcomes: AsyncIterable<JobOutcome>): Promise<void> => {
        for await (const found of outcomes) {
          const outcome = found.error === undefined ? found : { ...found, error: errorAsTyped(found.error, declared) };
          await output.sink.write(output.format.line(outcome));
          written++;
          counts.add(outcome.error !== undefined);
          if (Number(outcome.document?.unreadTokens ?? 0) > 0) unread++;
          say(counts.describe());
          // Who reads standard output has gone.
          if (!output.sink.isOpen) return;
        }
      };
      if (options.workers === undefined) await runHere(model, options, command, { jobs, own, counts, write }, context);
      else {
        const words = await workerCommand(options, declared, terminal, { command: command.name });
        const onNote = (note: string): void => {
          stop();
          noteWarnings([note], terminal);
        };
        const sent = usedFields(jobs, own);
        await write(
          workerOutcomes(sent, { count: options.workers, command: words, unordered: options.unordered === true, signal, onNote }),
        );
      }
      await output.sink.finish();
    } catch (error) {
      stop();
      if (written === 0) isDiscarded = true;
      else if (output.path !== "-")
        noteWarnings([`${output.path} is not whole. The same command with --resume goes on with it.`], terminal);
      throw error;
    } finally {
      stop();
      await output.sink.close(isDiscarded);
    }
    const unused = [...own.unused].map((name) => JSON.stringify(name));
    const notUsed = unused.length === 0 ? [] : [`Not used, since ${command.name} has no such option: the fields ${unused.join(", ")}.`];
    const cut = unread === 0 ? [] : [`Of ${unread} ${unread === 1 ? "text" : "texts"} the end was not read: unreadTokens says how much.`];
    noteWarnings([...cut, ...notUsed], terminal);
    writeLine(terminal.error, styled("cyan", "done"), `  ${counts.summary()}`);
    const errors = counts.errors + (output.held?.errors ?? 0);
    if (errors > 0)
      writeLine(
        terminal.error,
        styled("red", "error"),
        `  ${errors} ${errors === 1 ? "line has" : "lines have"} an error in place of a result.`,
      );
    return errors;
  } finally {
    await source.close();
  }
}

/** The jobs that have no line yet. */
function jobsLeft(source: Source, { held }: Output, counts: BatchCounts, onRead: () => void): AsyncGenerator<Job, void, void> {
  const duplicates = new Map(held?.duplicates);
  async function* read(): AsyncGenerator<Job, void, void> {
    for await (const job of source.jobs) {
      onRead();
      yield job;
    }
  }
  return uniqueJobs(read(), (id, isDuplicate) => {
    const key = String(id);
    const left = duplicates.get(key) ?? 0;
    const isHeld = isDuplicate ? left > 0 : held?.ids.has(key) === true;
    if (isHeld && isDuplicate) duplicates.set(key, left - 1);
    if (isHeld) counts.skip();
    return isHeld;
  });
}

/** Jobs as workers get them: what is not used is noted here, once for all of them. */
async function* usedFields(jobs: AsyncIterable<Job>, own: LineOptions): AsyncGenerator<Job, void, void> {
  for await (const job of jobs) yield { ...job, fields: own.used(job) };
}

interface ManyJobs {
  readonly jobs: AsyncIterable<Job>;
  readonly own: LineOptions;
  readonly counts: BatchCounts;
  readonly write: (outcomes: AsyncIterable<JobOutcome>) => Promise<void>;
}

async function runHere<Options extends TextCommandOptions>(
  model: string,
  options: Options,
  command: TextCommand<Options>,
  { jobs, own, counts, write }: ManyJobs,
  { terminal, signal }: RunManyContext,
): Promise<void> {
  await runPipeline(
    model,
    options,
    {
      command: command.name,
      heads: command.heads,
      create: async (pipelineOptions, opened) => command.create(options, pipelineOptions, opened),
      async run(pipeline) {
        announceReady(terminal.out);
        await write(
          pipeline.runJobs(jobs, {
            signal,
            readText: jobTextReader(options, { terminal, signal }),
            readOptions: (job) => own.read(job),
            unordered: options.unordered,
            batchSize: options.batchSize,
            onBatch: (progress) => counts.ran(progress),
          }),
        );
      },
    },
    { terminal, signal },
  );
}
