import type { ProgressListener } from "@longspan/core";
import { runBatch, type Batchable, type BatchItem, type BatchProgress, type CallOptions, type PipelineHandle } from "@longspan/pipelines";
import type { GivenText } from "../documents/read-document.ts";
import type { Job } from "./job.ts";
import type { ReadJobText } from "./job-text.ts";

/** What became of a job. */
export interface JobOutcome {
  readonly job: Job;
  /** What was read for it; undefined where it could not be. */
  readonly given?: GivenText | undefined;
  /** What `--json` prints of one result; undefined where there is an error. */
  readonly document?: Readonly<Record<string, unknown>> | undefined;
  readonly error?: Error | undefined;
  /** Tokens that the model read for it; undefined where nobody counted. */
  readonly tokens?: number | undefined;
}

interface RunJobsOptions {
  readonly signal: AbortSignal;
  readonly readText: ReadJobText;
  /** Options that a job has for itself, under their names on the command line. */
  readonly readOptions?: ((job: Job) => Readonly<Record<string, unknown>> | undefined) | undefined;
  readonly unordered?: boolean | undefined;
  readonly batchSize?: number | undefined;
  /** Milliseconds that a batch with room waits for more jobs. */
  readonly patience?: number | undefined;
  readonly onProgress?: ProgressListener | undefined;
  readonly onBatch?: ((progress: BatchProgress) => void) | undefined;
}

/** A model that does jobs. */
export interface TextPipeline extends PipelineHandle {
  runJobs(jobs: Iterable<Job> | AsyncIterable<Job>, options: RunJobsOptions): AsyncGenerator<JobOutcome, void, void>;
}

/** How a command uses a pipeline. */
export interface PipelineUse<Options, Input, Given, Result> {
  /** The command's options. */
  readonly options: Options;
  readonly input: (text: string, job: Job) => Input;
  /** What a call is told, by the command's options. */
  readonly call: (options: Options) => CallOptions<Given>;
  /** What `--json` prints of one result. @param index the item's number among all, from 0 */
  readonly document: (result: Result, given: GivenText, index: number) => Readonly<Record<string, unknown>>;
}

interface Item<Input, Given> extends BatchItem<Input, Given> {
  readonly job: Job;
  given: GivenText | undefined;
}

export function textPipeline<Options extends object, Input, Given, Result>(
  pipeline: PipelineHandle & Batchable<Input, Given, Result>,
  use: PipelineUse<Options, Input, Given, Result>,
): TextPipeline {
  async function* items(
    jobs: Iterable<Job> | AsyncIterable<Job>,
    { readText, readOptions }: RunJobsOptions,
  ): AsyncGenerator<Item<Input, Given>> {
    for await (const job of jobs) {
      const item: Item<Input, Given> = {
        job,
        given: undefined,
        async input() {
          item.given = await readText(job);
          return use.input(item.given.text, job);
        },
      };
      try {
        const own = job.problem === undefined ? readOptions?.(job) : undefined;
        yield own === undefined ? item : Object.assign(item, { options: use.call({ ...use.options, ...own }) });
      } catch (error) {
        yield Object.assign(item, {
          input: () => {
            throw error;
          },
        });
      }
    }
  }
  // A pipeline is a function; its handle alone is data.
  const { model, runtime, device, profile, dispose, [Symbol.asyncDispose]: asyncDispose } = pipeline;
  return {
    model,
    runtime,
    device,
    ...(profile === undefined ? {} : { profile }),
    dispose,
    [Symbol.asyncDispose]: asyncDispose,
    async *runJobs(jobs, given) {
      const { signal, unordered, batchSize, patience, onProgress, onBatch } = given;
      const batch = { options: use.call(use.options), signal, unordered, batchSize, patience, onProgress, onBatch };
      for await (const { item, index, result, error, tokens } of runBatch(pipeline, items(jobs, given), batch)) {
        const outcome = { job: item.job, given: item.given, tokens };
        if (error !== undefined) yield { ...outcome, error };
        else if (item.given !== undefined) yield { ...outcome, document: documentOf(use, { result, index, given: item.given }) };
      }
    },
  };
}

function documentOf<Options, Input, Given, Result>(
  use: PipelineUse<Options, Input, Given, Result>,
  { result, given, index }: { readonly result: Result; readonly given: GivenText; readonly index: number },
): Readonly<Record<string, unknown>> {
  const { warnings = [] } = given;
  return { ...use.document(result, given, index), ...(warnings.length === 0 ? {} : { warnings }) };
}
