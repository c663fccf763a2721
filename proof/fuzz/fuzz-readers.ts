import { Worker } from "node:worker_threads";
import type { ReaderName } from "../hostile/readers.ts";

/** Ends after so many seconds, or so many inputs, whichever comes first. */
export interface ReaderRequest {
  readonly reader: ReaderName;
  readonly seconds: number;
  readonly runs: number;
}

export interface FuzzRequest {
  readonly readers: readonly ReaderRequest[];
  readonly seed: number;
  /** Whether inputs are chosen by what they reach of the code; costs some speed. */
  readonly guided: boolean;
  /** Ends it soon, with what was found until then. */
  readonly signal: AbortSignal;
}

/** What no reader may do, and the input with which it did. */
export interface Finding {
  readonly kind: string;
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly stack?: string | undefined;
}

export interface FuzzState {
  readonly reader: ReaderName;
  readonly done: number;
  /** Inputs worth going on from, kinds of outcomes, and blocks of code that ran. */
  readonly pool: number;
  readonly kinds: number;
  readonly blocks: number;
  readonly findings: readonly Finding[];
}

export interface WorkerRequest extends Omit<FuzzRequest, "signal"> {
  /** Holds the input that is read. */
  readonly input: SharedArrayBuffer;
  /** Its length; how many were read before it, `nothingYet` while seeds are loaded; 1 where it shall end. */
  readonly counts: SharedArrayBuffer;
}

const mostInputBytes = 2 ** 18;
/** As much as one input may take, with what a thread has of its own. */
const heapMegabytes = 256 + 128;
export const nothingYet = -1;

/** An input that is read for longer is one that never ends; much longer than it may take of the processor, which others may be busy with. */
const hangSeconds = 120;

/** Fuzzes readers, one after another. Where what one reads ends the thread, the others go on in a new one. */
export async function* fuzzReaders(request: FuzzRequest): AsyncGenerator<FuzzState> {
  for (let waiting = request.readers; waiting.length > 0 && !request.signal.aborted;) {
    let done = 0;
    for await (const state of oneThread({ ...request, readers: waiting })) {
      done++;
      yield state;
    }
    waiting = waiting.slice(done);
  }
}

async function* oneThread({ signal, ...request }: FuzzRequest): AsyncGenerator<FuzzState> {
  const input = new SharedArrayBuffer(mostInputBytes);
  const counts = new SharedArrayBuffer(12);
  const numbers = new Int32Array(counts);
  const workerData: WorkerRequest = { ...request, input, counts };
  const worker = new Worker(new URL("fuzz-worker.ts", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
  });
  // States come whenever a reader is done, also while nobody asks for the next.
  const arrived: (FuzzState | string)[] = [];
  let waiting = (): void => {};
  const arrive = (what: FuzzState | string): void => {
    arrived.push(what);
    waiting();
  };
  worker
    .on("message", arrive)
    .on("error", (error) => arrive(error instanceof Error ? `${error.name}: ${error.message}` : String(error)))
    .on("exit", (code) => arrive(`ends the thread with ${code}`));
  const end = (): void => void (numbers[2] = 1);
  signal.addEventListener("abort", end);
  let last = nothingYet;
  const watch = setInterval(() => {
    if (numbers[1] === last && last !== nothingYet) arrive(`takes more than ${hangSeconds} s`);
    last = numbers[1] ?? nothingYet;
  }, hangSeconds * 1000);
  for (const { reader } of request.readers) {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting = resolve;
    if (arrived.length === 0) await promise;
    const state = arrived.shift() ?? "nothing arrived";
    if (typeof state !== "string") {
      yield state;
      if (signal.aborted) break;
      continue;
    }
    const finding = { kind: state, what: state, bytes: new Uint8Array(input).slice(0, numbers[0]) };
    yield { reader, done: Math.max(0, numbers[1] ?? 0), pool: 0, kinds: 0, blocks: 0, findings: [finding] };
    break;
  }
  clearInterval(watch);
  signal.removeEventListener("abort", end);
  await worker.terminate();
}
