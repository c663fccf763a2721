import type { Command } from "commander";
import { LongspanError } from "@longspan/core";
import { askedDigest } from "../answers/asked-digest.ts";
import { batchCounts, type BatchCounts, type RanTokens } from "../answers/batch-counts.ts";
import { jobTextReader } from "../jobs/job-text.ts";
import { uniqueJobs, type Job } from "../jobs/job.ts";
import { lineOptions, type LineOptions } from "../jobs/line-options.ts";
import type { JobOutcome } from "../jobs/text-pipeline.ts";
import { digestOfModel, runPipeline } from "../model/run-pipeline.ts";
import { noteWarnings } from "../output/notes.ts";
import { errorAsTyped } from "../output/option-names.ts";
import { progressDisplay } from "../output/progress-display.ts";
import { styled, writeLine, type Terminal } from "../terminal.ts";
import { openOutput, type Output } from "./open-output.ts";
import { openSource, type Source } from "./open-source.ts";
import type { TextCommand, TextCommandOptions } from "./text-command.ts";
import { workerCommand } from "./worker-command.ts";
import { workerOutcomes } from "./worker-pool.ts";
import { announceRan, announceReady } from "./worker-process.ts";

export interface RunManyContext {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  /** The command as it was declared: which options there are, and how they are read. */
  readonly declared: Command;
}

/** Whether the options mean a run that writes lines. */
export function isMany({ input, output }: TextCommandOptions): boolean {
  return input !== undefined || output !== undefined;
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
    try {
      const asked = output.keepsAsked ? await digestOfJobs(model, options, command, own, { terminal, signal }) : undefined;
      const hold = heldJobs(output, asked, counts);
      // What the command line gives is known before anything is loaded for it.
      if (Array.isArray(source.jobs)) for (const job of source.jobs as readonly Job[]) hold.check(job);
      const jobs = jobsLeft(source, hold, () => read++);
      const write = async (outcomes: AsyncIterable<JobOutcome>): Promise<void> => {
        for await (const found of outcomes) {
          const outcome = found.error === undefined ? found : { ...found, error: errorAsTyped(found.error, declared) };
          await output.sink.write(output.format.line(outcome, asked?.(outcome.job)));
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
        const unordered = options.unordered === true;
        const onRan = (ran: RanTokens): void => counts.ran(ran);
        await write(workerOutcomes(sent, { count: options.workers, command: words, unordered, signal, onNote, onRan }));
      }
      await output.sink.finish();
    } catch (error) {
      stop();
      if (written === 0) isDiscarded = true;
      else if (output.path !== "-" && !(LongspanError.isInstance(error) && error.code === "target-exists"))
        noteWarnings([`${output.path} is not whole. The same command with --resume goes on with it.`], terminal);
      throw error;
    } finally {
      stop();
      await output.sink.close(isDiscarded);
    }
    // How many of those that were written came through is not known.
    if (output.sink.isLost) return counts.errors;
    const cut = unread === 0 ? [] : [`Of ${unread} ${unread === 1 ? "text" : "texts"} the end was not read: unreadTokens says how much.`];
    noteWarnings([...cut, ...own.notes()], terminal);
    writeLine(terminal.error, styled("cyan", "done"), `  ${counts.summary()}`);
    const errors = counts.errors + (output.held?.errors ?? 0);
    if (errors > 0) {
      const [have, them] = errors === 1 ? ["line has", "it"] : ["lines have", "them"];
      const again = output.path === "-" ? "" : ` Delete ${them}, and --resume tries again.`;
      writeLine(terminal.error, styled("red", "error"), `  ${errors} ${have} an error in place of a result.${again}`);
    }
    return errors;
  } finally {
    await source.close();
  }
}

/** What tells whether a line is a job's answer. */
async function digestOfJobs<Options extends TextCommandOptions>(
  model: string,
  options: Options,
  { name, heads, lineOptions: names }: TextCommand<Options>,
  own: LineOptions,
  { terminal, signal }: Pick<RunManyContext, "terminal" | "signal">,
): Promise<(job: Job) => string> {
  const digest = await digestOfModel(model, options, { command: name, heads }, { terminal, signal });
  const given = [...names, "chunks", "encoding"].map((option): unknown => Reflect.get(options, option) ?? null);
  return askedDigest({ command: name, model: digest, names, given }, (job) => own.used(job));
}

/** What of jobs an output holds already. */
interface HeldJobs {
  /** @throws LongspanError `target-exists` for a job whose line is the answer of something else. */
  check(job: Job): void;
  /** As `check`; whether the job has a line, each of which stands for one job. */
  take(job: Job, isDuplicate: boolean): boolean;
}

function heldJobs({ held, path }: Output, asked: ((job: Job) => string) | undefined, counts: BatchCounts): HeldJobs {
  const duplicates = new Map(held?.duplicates);
  const check = (job: Job): void => {
    const key = String(job.id);
    if (held === undefined || asked === undefined || !held.ids.has(key) || held.answers(key, asked(job))) return;
    throw new LongspanError(
      "target-exists",
      `${path} holds a line of ${JSON.stringify(job.id)} already, of something else: the model, the question, the text or an option was another. Give --output another name, give the job another id, or replace what is there (--force, without --resume).`,
      { details: { path, id: job.id } },
    );
  };
  return {
    check,
    take(job, isDuplicate) {
      const key = String(job.id);
      const left = duplicates.get(key) ?? 0;
      const isHeld = isDuplicate ? left > 0 : held?.ids.has(key) === true;
      if (isHeld && isDuplicate) duplicates.set(key, left - 1);
      if (isHeld && !isDuplicate) check(job);
      if (isHeld) counts.skip();
      return isHeld;
    },
  };
}

/** The jobs that have no line yet. */
function jobsLeft(source: Source, held: HeldJobs, onRead: () => void): AsyncGenerator<Job, void, void> {
  async function* read(): AsyncGenerator<Job, void, void> {
    for await (const job of source.jobs) {
      onRead();
      yield job;
    }
  }
  return uniqueJobs(read(), (job, isDuplicate) => held.take(job, isDuplicate));
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
            onBatch(progress) {
              counts.ran(progress);
              announceRan(terminal.out, progress);
            },
          }),
        );
      },
    },
    { terminal, signal },
  );
}
