import type { OptionNames } from "@longspan/core/adapter";
import { checkServeOptions } from "./check-serve-options.ts";
import { errorOfInput, RequestError, requestErrorOf } from "./request-error.ts";
import type { ServedJob, ServedOutcome, WithModel } from "./served-job.ts";

/** What an engine is made of. */
export interface InferenceEngineOptions {
  /** Opens the model, has it used, and frees it; called again when the model is lost. */
  readonly withModel: WithModel;
  /** Inputs that may wait or be under way. */
  readonly capacity: number;
  /** Milliseconds that an input may take, waiting included. */
  readonly timeout: number;
  /** Told when the model is lost and opened again. */
  readonly onLost: (error: unknown) => void;
}

/** An input's result. */
export interface EngineResult {
  /** A result as `longspan … --json` prints one. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Tokens that the model read; undefined where nobody counted. */
  readonly tokens: number | undefined;
}

/** What of a server's life it is: until the model is open for the first time, while it answers, while a lost model is opened again, and from the word to end on. */
export type EngineState = "starting" | "ok" | "reopening" | "ending";

/** Takes inputs of all requests to one model, and says when it is too much. */
export interface InferenceEngine {
  /** What `/health` says. */
  readonly state: EngineState;
  /** Inputs that have no outcome yet. */
  readonly waiting: number;
  /** How often the model was lost and opened again. */
  readonly reopened: number;
  /**
   * The results of inputs, in their order; while a lost model is being opened again they wait.
   * @throws RequestError 429 where too many wait, 503 while the server starts and ends, 504 when it takes too long;
   * what an input's error is.
   */
  submit(inputs: readonly ServedJob["fields"][], signal: AbortSignal): Promise<readonly EngineResult[]>;
  /** Runs until `drain` is called and all is answered. @throws what opens no model. */
  run(): Promise<void>;
  /** Says that it will end soon: it is not ready any more, and takes inputs until it is drained. */
  announceEnd(): void;
  /** Takes no more inputs, and ends when all are answered. */
  drain(): void;
}

/** An input, whoever waits for it. */
interface Waiting {
  readonly job: ServedJob;
  readonly settle: (outcome: Omit<ServedOutcome, "id">) => void;
  /** Models that were lost while they had it. */
  losses: number;
  /** Whether somebody still wants it. */
  isWanted: boolean;
}

/** An input that was under way when so many models were lost is to blame for it. */
const maxLosses = 3;

/** So often in a row a model may be lost without having answered anything. */
const maxVainLosses = 5;

/** Seconds after which a client may ask again whether there is a model. */
const startingSeconds = 2;

/** So much longer is waited each time before it is opened again. */
const reopenMilliseconds = 500;

export const engineOptionNames: OptionNames<InferenceEngineOptions> = { withModel: true, capacity: true, timeout: true, onLost: true };

/**
 * The queue before a model: what waits is bounded, what a lost model had is done again.
 * @throws LongspanError `argument-invalid` for options that are none.
 */
export function inferenceEngine(options: InferenceEngineOptions): InferenceEngine {
  checkServeOptions(options, engineOptionNames, "inferenceEngine");
  const { withModel, capacity, timeout, onLost } = options;
  /** In the order in which they came; those that wait for the model, and those that it has. */
  const queued: Waiting[] = [];
  const underWay = new Map<number, Waiting>();
  let [nextId, reopened, vain, generation] = [1, 0, 0, 0];
  let [isOpen, wasOpen, isEnding, isDraining] = [false, false, false, false];
  let wake = (): void => {};
  // For Retry-After: how long an input took of late.
  let secondsEach = 0.1;
  let lastAnswer = performance.now();

  async function* jobs(own: number): AsyncGenerator<ServedJob, void, void> {
    // A model that is lost may still wait here, and takes nothing any more.
    for (;;) {
      if (own !== generation) return;
      const next = queued.shift();
      if (next !== undefined) {
        if (!next.isWanted) continue;
        underWay.set(next.job.id, next);
        yield next.job;
      } else if (isDraining) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }

  function answer(outcome: ServedOutcome): void {
    const found = underWay.get(outcome.id);
    if (found === undefined) return;
    underWay.delete(outcome.id);
    vain = 0;
    const now = performance.now();
    secondsEach = 0.9 * secondsEach + (0.1 * (now - lastAnswer)) / 1000;
    lastAnswer = now;
    found.settle(outcome);
  }

  /** What a lost model had is done again, before all else. */
  function takeBack(error: unknown): void {
    const lost = [...underWay.values()].filter(({ isWanted }) => isWanted);
    underWay.clear();
    for (const one of lost.toReversed()) {
      if (++one.losses < maxLosses) queued.unshift(one);
      else one.settle({ error: requestErrorOf(error) });
    }
  }

  function refuseAll(error: unknown): void {
    for (const one of [...queued.splice(0), ...underWay.values()]) one.settle({ error: requestErrorOf(error) });
    underWay.clear();
  }

  async function one(fields: ServedJob["fields"], signal: AbortSignal): Promise<EngineResult> {
    const { promise, resolve } = Promise.withResolvers<Omit<ServedOutcome, "id">>();
    const waiting: Waiting = { job: { id: nextId++, fields }, settle: resolve, losses: 0, isWanted: true };
    const giveUp = (error: Error): void => {
      waiting.isWanted = false;
      const place = queued.indexOf(waiting);
      if (place >= 0) queued.splice(place, 1);
      resolve({ error });
    };
    const late = `It took longer than ${timeout / 1000} s. Send less at a time, or allow more (--request-timeout).`;
    const timer = setTimeout(() => giveUp(new RequestError(504, "timeout", late)), timeout);
    const leave = (): void => giveUp(new RequestError(503, "aborted", "The client has gone."));
    signal.addEventListener("abort", leave);
    // Idle time is nobody's.
    if (queued.length + underWay.size === 0) lastAnswer = performance.now();
    queued.push(waiting);
    wake();
    try {
      const { document, error, tokens } = await promise;
      if (document === undefined) throw error ?? new TypeError("an outcome is a result or an error");
      return { document, tokens };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    }
  }

  return {
    get state() {
      if (isEnding) return "ending";
      if (isOpen) return "ok";
      return wasOpen ? "reopening" : "starting";
    },
    get waiting() {
      return queued.length + underWay.size;
    },
    get reopened() {
      return reopened;
    },
    async submit(inputs, signal) {
      if (isDraining) throw new RequestError(503, "draining", "The server is ending.", { "Retry-After": "5" });
      if (!wasOpen)
        throw new RequestError(503, "starting", "The model is being opened. GET /health is 200 as soon as it can answer.", {
          "Retry-After": String(startingSeconds),
        });
      if (inputs.length > capacity)
        throw new RequestError(
          400,
          "limit-exceeded",
          `A request has ${inputs.length} inputs; this server takes ${capacity} at a time. Send fewer.`,
        );
      const waiting = queued.length + underWay.size;
      if (waiting + inputs.length > capacity) {
        const seconds = Math.max(1, Math.min(60, Math.ceil(waiting * secondsEach)));
        throw new RequestError(429, "too-many-requests", `${waiting} inputs wait already. Try again in ${seconds} s.`, {
          "Retry-After": String(seconds),
        });
      }
      const all = await Promise.allSettled(inputs.map((fields) => one(fields, signal)));
      return all.map((outcome, index) => {
        if (outcome.status === "rejected") throw errorOfInput(outcome.reason, index, inputs.length);
        return outcome.value;
      });
    },
    async run() {
      try {
        for (;;) {
          try {
            const own = ++generation;
            await withModel(async (runJobs) => {
              [isOpen, wasOpen] = [true, true];
              for await (const outcome of runJobs(jobs(own))) answer(outcome);
            });
            return;
          } catch (error) {
            // A model that never was open is not opened again.
            if (!wasOpen || ++vain > maxVainLosses) throw error;
            isOpen = false;
            generation++;
            reopened++;
            onLost(error);
            takeBack(error);
            await new Promise((resolve) => {
              setTimeout(resolve, reopenMilliseconds * (vain - 1));
            });
          }
        }
      } catch (error) {
        isOpen = false;
        [isEnding, isDraining] = [true, true];
        refuseAll(error);
        throw error;
      }
    },
    announceEnd() {
      isEnding = true;
    },
    drain() {
      [isEnding, isDraining] = [true, true];
      wake();
    },
  };
}
