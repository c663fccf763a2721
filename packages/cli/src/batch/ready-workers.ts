import type { Job } from "../jobs/job.ts";
import type { JobOutcome } from "../jobs/text-pipeline.ts";
import { workerOutcomes, type WorkerPoolOptions } from "./worker-pool.ts";

/** What ready workers are made of. */
export interface ReadyWorkersOptions extends Omit<WorkerPoolOptions, "onReady" | "signal"> {
  /** Ends the opening; not what is done afterwards. */
  readonly opening: AbortSignal;
}

/** Has workers do jobs. To be called once. */
export type RunOnWorkers = (jobs: AsyncIterable<Job>) => AsyncGenerator<JobOutcome, void, void>;

/**
 * Starts workers before there is a job for them, and waits for the first that has opened its model.
 * @throws LongspanError the error with which a worker ends by itself; `worker-lost` where they die before; `aborted`.
 */
export async function readyWorkers({ opening, ...pool }: ReadyWorkersOptions): Promise<RunOnWorkers> {
  const { promise: asked, resolve: ask } = Promise.withResolvers<AsyncIterable<Job>>();
  async function* jobs(): AsyncGenerator<Job, void, void> {
    yield* await asked;
  }
  const { promise: ready, resolve: onReady } = Promise.withResolvers<void>();
  const end = new AbortController();
  const giveUp = (): void => end.abort(opening.reason);
  opening.addEventListener("abort", giveUp);
  if (opening.aborted) giveUp();
  const outcomes = workerOutcomes(jobs(), { ...pool, signal: end.signal, onReady });
  const first = outcomes.next();
  try {
    // None answers before it has a job: one is ready first, or all have failed.
    await Promise.race([ready, first]);
  } finally {
    opening.removeEventListener("abort", giveUp);
  }
  // Awaited when jobs are given; a failure before that is no unhandled one.
  first.catch(() => undefined);
  return async function* (given) {
    ask(given);
    const { done, value } = await first;
    if (done === true) return;
    yield value;
    yield* outcomes;
  };
}
