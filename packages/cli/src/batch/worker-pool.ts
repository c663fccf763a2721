import { errorCodes, LongspanError, type ErrorCode } from "@longspan/core";
import type { RanTokens } from "../answers/batch-counts.ts";
import { placedDocument } from "../documents/placed-document.ts";
import type { Job } from "../jobs/job.ts";
import type { JobOutcome } from "../jobs/text-pipeline.ts";
import { startWorker, type WorkerEnd, type WorkerLine, type WorkerProcess } from "./worker-process.ts";

/** Jobs that a worker holds at once: enough to batch them, few enough for the others to share what is left at the end. */
const jobsOfWorker = 16;

/** A job that so many workers have died of is given up: the first time it had company, then it was alone. */
const maxAttempts = 3;

/** When so many workers have died and none has ever answered, it is not for the jobs. */
const maxVainDeaths = 10;

/** When so many have died in a row before their model was open, it never will be. */
const maxStillbirths = 3;

export interface WorkerPoolOptions {
  readonly count: number;
  /** What starts a worker: a program and its words. */
  readonly command: readonly string[];
  readonly unordered: boolean;
  readonly signal: AbortSignal;
  /** Told when the first worker has opened its model. */
  readonly onReady?: (() => void) | undefined;
  /** Told what all models have run by now. */
  readonly onRan?: ((ran: RanTokens) => void) | undefined;
  /** Told once of each thing that workers note of their model. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** A job on its way. */
interface Sent {
  readonly job: Job;
  readonly number: number;
  attempts: number;
}

interface Worker {
  readonly process: WorkerProcess;
  readonly sent: Map<number, Sent>;
  isReady: boolean;
}

/**
 * Has processes do jobs. One that is killed, or dies, is replaced, and what it held is done again; a job that three of them died of has
 * the error `worker-lost`.
 * @throws LongspanError the error with which a worker ends by itself, such as a model that cannot be opened; `worker-lost` when workers
 * die without having opened their model or answered anything; `aborted`; what `jobs` throws.
 */
export async function* workerOutcomes(
  jobs: AsyncIterable<Job>,
  { count, command, unordered, signal, onReady, onRan, onNote }: WorkerPoolOptions,
): AsyncGenerator<JobOutcome, void, void> {
  const workers = new Set<Worker>();
  const again: Sent[] = [];
  const noted = new Set<string>();
  // Of each worker that was ever started: what is run is run, whatever became of it.
  const ran = new Map<Worker, RanTokens>();
  const outcomes = new Map<number, JobOutcome>();
  const iterator = jobs[Symbol.asyncIterator]();
  let [isAsked, isRead, isOpen, hasAnswered] = [false, false, false, false];
  let [taken, given, deaths, stillbirths, changes] = [0, 0, 0, 0, 0];
  let arrived: Job | undefined;
  let failure: unknown;
  let wake = (): void => {};
  const ring = (): void => {
    changes++;
    wake();
  };

  function start(): void {
    const sent = new Map<number, Sent>();
    const worker: Worker = {
      sent,
      isReady: false,
      process: startWorker(command, {
        onReady() {
          worker.isReady = true;
          stillbirths = 0;
          if (!isOpen) onReady?.();
          isOpen = true;
        },
        onLine(line) {
          const found = sent.get(line.id);
          if (found === undefined) return;
          sent.delete(line.id);
          hasAnswered = true;
          outcomes.set(found.number, outcomeOf(found.job, line));
          ring();
        },
        onRan(counts) {
          ran.set(worker, counts);
          const sums = { tokens: 0, paddingTokens: 0 };
          for (const { tokens, paddingTokens } of ran.values()) {
            sums.tokens += tokens;
            sums.paddingTokens += paddingTokens;
          }
          onRan?.(sums);
        },
        onNote(note) {
          if (noted.has(note)) return;
          noted.add(note);
          onNote?.(note);
        },
        onEnd(end) {
          workers.delete(worker);
          lose(worker, end);
          ring();
        },
      }),
    };
    workers.add(worker);
  }

  function lose({ sent, isReady }: Worker, end: WorkerEnd): void {
    if (end.error !== undefined) failure ??= errorOf(end.error);
    if (!isReady && ++stillbirths >= maxStillbirths) failure ??= lostError(end);
    if (end.signal === null && (end.code === 0 || end.code === 1) && sent.size === 0) return;
    deaths++;
    const lost = lostError(end);
    if (!hasAnswered && deaths >= maxVainDeaths) failure ??= lost;
    for (const one of sent.values()) {
      one.attempts++;
      if (one.attempts < maxAttempts) again.push(one);
      else outcomes.set(one.number, { job: one.job, error: lost });
    }
  }

  async function ask(): Promise<void> {
    isAsked = true;
    try {
      const found = await iterator.next();
      if (found.done === true) isRead = true;
      else arrived = found.value;
    } catch (error) {
      isRead = true;
      failure ??= error;
    }
    isAsked = false;
    ring();
  }

  function nextJob(): Sent | undefined {
    if (arrived === undefined) {
      // Answers that wait for an earlier one are few.
      if (!isAsked && !isRead && taken - given < 4 * count * jobsOfWorker) void ask();
      return undefined;
    }
    const found = { job: arrived, number: taken++, attempts: 0 };
    arrived = undefined;
    return found;
  }

  function feed(): void {
    for (;;) {
      const isWanted = !isRead || again.length > 0 || arrived !== undefined;
      for (let missing = isWanted ? count - workers.size : 0; missing > 0; missing--) start();
      const [idlest] = [...workers].filter(({ sent }) => !isAlone(sent)).toSorted((a, b) => a.sent.size - b.sent.size);
      if (idlest === undefined || idlest.sent.size >= jobsOfWorker) return;
      // Of which of its jobs a worker died, nobody knows: each is done by itself, so that one takes no other with it.
      if (again.length > 0 && idlest.sent.size > 0) return;
      const next = again.shift() ?? nextJob();
      if (next === undefined) return;
      const { job, number } = next;
      if (job.problem !== undefined) outcomes.set(number, { job, error: job.problem });
      else {
        idlest.sent.set(number, next);
        idlest.process.send({ ...job.fields, id: number });
      }
    }
  }

  function* ready(): Generator<JobOutcome, void, void> {
    for (;;) {
      const [number] = unordered ? outcomes.keys() : [given];
      const outcome = number === undefined ? undefined : outcomes.get(number);
      if (number === undefined || outcome === undefined) return;
      outcomes.delete(number);
      given++;
      yield outcome;
    }
  }

  signal.addEventListener("abort", ring);
  try {
    for (;;) {
      const [changesBefore, givenBefore] = [changes, given];
      if (signal.aborted) throw new LongspanError("aborted", "Interrupted.", { cause: signal.reason });
      if (failure === undefined) feed();
      yield* ready();
      if (failure !== undefined) throw failure;
      if (isRead && arrived === undefined && given === taken) return;
      // What came while the outcomes were taken has woken nobody; and where outcomes were taken, there is room for jobs.
      if (changes > changesBefore || given > givenBefore) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal.removeEventListener("abort", ring);
    for (const { process, sent, isReady } of workers) {
      if (sent.size === 0 && isReady) process.finish();
      else process.kill();
    }
  }
}

function isAlone(sent: ReadonlyMap<number, Sent>): boolean {
  return [...sent.values()].some(({ attempts }) => attempts > 0);
}

function outcomeOf(job: Job, { error, ...line }: WorkerLine): JobOutcome {
  if (error !== undefined) return { job, error: errorOf(error) };
  // The line's id is the number that it was sent with.
  const document = Object.fromEntries(Object.entries(line).filter(([name]) => name !== "id"));
  const { given } = job;
  return given === undefined ? { job, document } : { job, given, document: placedDocument(document, given) };
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  // What commander says of a command line has no code of its own.
  if (code === "usage") return new LongspanError("argument-invalid", message);
  return isErrorCode(code) ? new LongspanError(code, message) : new Error(message);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function lostError({ code, signal, said }: WorkerEnd): LongspanError {
  const how = signal === null ? `ended with code ${String(code)}` : `was killed (${signal})`;
  const last = said.trim().split("\n").at(-1) ?? "";
  return new LongspanError(
    "worker-lost",
    `A worker ${how} before it answered${last === "" ? "" : `; the last that it said: ${last}`}. Is there memory for so many? Give fewer --workers.`,
    { details: { code, signal } },
  );
}
