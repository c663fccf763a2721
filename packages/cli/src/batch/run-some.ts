import type { JobOutcome } from "../jobs/text-pipeline.ts";
import type { GivenJobs } from "../jobs/given-jobs.ts";
import { jobTextReader } from "../jobs/job-text.ts";
import { runPipeline } from "../model/run-pipeline.ts";
import { jsonDocument } from "../output/json-document.ts";
import { noteWarnings } from "../output/notes.ts";
import { describeProfile } from "../output/profile-report.ts";
import { errorAsTyped } from "../output/option-names.ts";
import { progressDisplay } from "../output/progress-display.ts";
import type { RunManyContext } from "./run-many.ts";
import { styled, writeLine } from "../terminal.ts";
import { labelOf, type TextCommand, type TextCommandOptions } from "./text-command.ts";

/**
 * Does the jobs of a command line and says what came of them, for people or as one document.
 * @returns how many have an error; where one thing was given, its error is thrown.
 */
export async function runSome<Options extends TextCommandOptions>(
  model: string,
  options: Options,
  command: TextCommand<Options>,
  { jobs, isSingle }: GivenJobs,
  { terminal, signal, declared }: RunManyContext,
): Promise<number> {
  const readText = jobTextReader(options, { terminal, signal });
  const [only] = jobs;
  // Before a model is loaded for nothing.
  if (isSingle && only !== undefined) await readText(only);
  const outcomes: JobOutcome[] = [];
  let hasRun = false;
  const told = new Set<string>();
  const { stop } = await progressDisplay(terminal.error);
  const say = async ({ job, given, document, error }: JobOutcome): Promise<void> => {
    stop();
    const label = isSingle ? undefined : labelOf(job);
    if (given !== undefined && document !== undefined) {
      noteWarnings(given.warnings?.filter((warning) => !told.has(warning)) ?? [], terminal);
      for (const warning of given.warnings ?? []) told.add(warning);
      await command.describe({ job, given, document }, label, terminal, signal);
    } else writeLine(terminal.error, styled("red", "error"), `  ${label ?? ""}: ${error?.message ?? ""}`);
  };
  const { checkpoint, facts } = await runPipeline(
    model,
    options,
    {
      command: command.name,
      heads: command.heads,
      create: async (pipelineOptions, opened) => command.create(options, pipelineOptions, opened),
      async run(pipeline, running) {
        // With --profile, the last job runs a second time.
        const now = hasRun ? jobs.slice(-1) : jobs;
        for await (const found of pipeline.runJobs(now, { ...running, signal, readText, batchSize: options.batchSize })) {
          const outcome = found.error === undefined ? found : { ...found, error: errorAsTyped(found.error, declared) };
          if (isSingle && outcome.error !== undefined) throw outcome.error;
          if (hasRun) continue;
          outcomes.push(options.json === true ? outcome : { job: outcome.job, error: outcome.error });
          if (options.json !== true) await say(outcome);
        }
        hasRun = true;
      },
    },
    { terminal, signal },
  );
  const notes = command.notes?.() ?? [];
  if (options.json === true) {
    const unread = isSingle ? (outcomes[0]?.given?.warnings ?? []) : [];
    const warnings = [...facts.warnings, ...unread, ...notes];
    terminal.out.write(jsonDocument({ ...command.json(outcomes, { head: checkpoint.head, isSingle }), ...facts, warnings }));
  } else {
    noteWarnings(notes, terminal);
    if (facts.profile !== undefined) describeProfile(facts.profile, terminal);
  }
  const errors = outcomes.filter(({ error }) => error !== undefined).length;
  if (errors > 0 && options.json !== true)
    writeLine(terminal.error, styled("red", "error"), `  ${errors} of ${outcomes.length} could not be answered.`);
  return errors;
}
