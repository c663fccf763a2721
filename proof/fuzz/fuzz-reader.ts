import { Worker } from "node:worker_threads";
import type { ReaderName } from "../../tests/hostile/readers.ts";

export interface FuzzRequest {
  readonly reader: ReaderName;
  /** Ends after so many seconds, or so many inputs, whichever comes first. */
  readonly seconds: number;
  readonly runs: number;
  readonly seed: number;
  /** Whether inputs are chosen by what they reach of the code; costs some speed. */
  readonly guided: boolean;
}

/** What no reader may do, and the input with which it did. */
export interface Finding {
  readonly kind: string;
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly stack?: string | undefined;
}

export interface FuzzState {
  readonly done: number;
  /** Inputs worth going on from, kinds of outcomes, and blocks of code that ran. */
  readonly pool: number;
  readonly kinds: number;
  readonly blocks: number;
  readonly findings: readonly Finding[];
}

export interface WorkerRequest extends FuzzRequest {
  /** Holds the input that is read. */
  readonly input: SharedArrayBuffer;
  /** Its length, and how many were read before it. */
  readonly counts: SharedArrayBuffer;
}

const mostInputBytes = 2 ** 18;
/** As much as one input may take, with what a thread has of its own. */
const heapMegabytes = 256 + 128;
/** An input that is read for longer is one that never ends. */
const hangSeconds = 20;

/** Fuzzes one reader in a thread of its own, which may end by what it reads. */
export async function fuzzReader(request: FuzzRequest): Promise<FuzzState> {
  const input = new SharedArrayBuffer(mostInputBytes);
  const counts = new SharedArrayBuffer(8);
  const numbers = new Int32Array(counts);
  const workerData: WorkerRequest = { ...request, input, counts };
  const worker = new Worker(new URL("fuzz-worker.ts", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
  });
  const { promise, resolve } = Promise.withResolvers<FuzzState>();
  const ended = (what: string): void => {
    const finding = { kind: what, what, bytes: new Uint8Array(input).slice(0, numbers[0]) };
    resolve({ done: numbers[1] ?? 0, pool: 0, kinds: 0, blocks: 0, findings: [finding] });
  };
  worker.on("message", (state: FuzzState) => resolve(state));
  worker.on("error", (error) => ended(error instanceof Error ? `${error.name}: ${error.message}` : String(error)));
  let last = -1;
  const watch = setInterval(() => {
    if (numbers[1] === last) ended(`takes more than ${hangSeconds} s`);
    last = numbers[1] ?? 0;
  }, hangSeconds * 1000);
  const state = await promise;
  clearInterval(watch);
  await worker.terminate();
  return state;
}
