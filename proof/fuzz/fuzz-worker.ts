// The thread that reads: it may run out of memory or never end, so each input lies in shared memory before it is read.
import { setImmediate } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { outcomeOf, type Outcome } from "../hostile/readers.ts";
import { seedsOf, type Seed } from "../hostile/seeds.ts";
import { coverage } from "./coverage.ts";
import { type Finding, type FuzzState, nothingYet, type ReaderRequest, type WorkerRequest } from "./fuzz-readers.ts";
import { mutate } from "./mutate.ts";
import { random } from "./random.ts";

/** Seconds of the processor that one input may take. */
const slowest = 1;
const batchSize = 256;
/** Findings of one kind say no more than the first. */
const mostFindings = 20;
/** Kinds of outcomes that are told apart. */
const mostKinds = 5000;

const request: WorkerRequest = workerData;
/** What is read now, for the other thread: it survives this one. */
const current = new Uint8Array(request.input);
const counts = new Int32Array(request.counts);
const blocks = request.guided ? coverage() : undefined;
const nativeNames = Object.getOwnPropertyNames(Object.prototype).length;

for (const each of request.readers) {
  const state = await fuzz(each);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(state);
}

interface Input {
  readonly seed: Seed;
  readonly bytes: Uint8Array;
}

async function fuzz({ reader, seconds, runs }: ReaderRequest): Promise<FuzzState> {
  const numbers = random(request.seed);
  const seeds = await seedsOf(reader);
  const longest = Math.min(current.length, 2 * Math.max(...seeds.map(({ bytes }) => bytes.length)) + 1024);
  const pool: Input[] = seeds.map((seed) => ({ seed, bytes: seed.bytes }));
  const kinds = new Set<string>();
  const findings = new Map<string, Finding>();
  counts[1] = nothingYet;

  function report(what: string, bytes: Uint8Array, stack?: string): void {
    const kind = what.replaceAll(/"[^"]*"|\d+/g, "#").slice(0, 160);
    if (!findings.has(kind) && findings.size < mostFindings)
      findings.set(kind, { kind, what: what.slice(0, 1000), bytes: bytes.slice(), stack });
  }

  async function read(input: Input): Promise<string> {
    const { kind, took: first } = await readOnce(input);
    let took = first;
    // What is loaded for the first time, or collected just then, is not of the input.
    for (let again = 0; took > slowest && again < 2; again++) took = Math.min(took, (await readOnce(input)).took);
    if (took > slowest) report(`takes more than ${slowest} s`, input.bytes);
    counts[1] = (counts[1] ?? 0) + 1;
    return kind;
  }

  /** @returns seconds of the processor, too */
  async function readOnce({ seed, bytes }: Input): Promise<{ readonly kind: string; readonly took: number }> {
    current.set(bytes);
    counts[0] = bytes.length;
    if (counts[1] === nothingYet) counts[1] = 0;
    const start = process.threadCpuUsage();
    let kind: string;
    try {
      kind = kindOf(await outcomeOf(reader, { ...seed.beside, [seed.fileName]: bytes }, seed.fileName));
    } catch (error) {
      kind = "broken";
      const thrown = error instanceof Error ? error : new Error(String(error));
      report(`${thrown.name}: ${thrown.message}`, bytes, thrown.stack);
    }
    // Rejections that nobody handles are told once the queue of promises is empty.
    await setImmediate();
    const { user, system } = process.threadCpuUsage(start);
    return { kind, took: (user + system) / 1e6 };
  }

  // What nobody waits for ends a whole process where it fails.
  const unhandled = (reason: unknown): void => {
    const thrown = reason instanceof Error ? reason : new Error(String(reason));
    report(`fails where nobody waits for it: ${thrown.name}: ${thrown.message}`, current.slice(0, counts[0]), thrown.stack);
  };
  process.on("unhandledRejection", unhandled);

  for (const seed of pool.slice()) kinds.add(await read(seed));
  const seen = new Set(blocks?.() ?? []);

  /** Finds the inputs that reached what none had reached, by reading halves of the batch again. */
  async function keepWhatIsNew(batch: readonly Input[], wanted: readonly string[], taken: () => readonly string[]): Promise<void> {
    const [first] = batch;
    if (wanted.length === 0 || first === undefined) return;
    if (batch.length === 1) {
      pool.push(first);
      for (const block of wanted) seen.add(block);
      return;
    }
    const half = batch.slice(0, batch.length / 2);
    for (const input of half) await read(input);
    const reached = new Set(taken());
    const found = wanted.filter((block) => reached.has(block));
    await keepWhatIsNew(half, found, taken);
    await keepWhatIsNew(
      batch.slice(half.length),
      wanted.filter((block) => !reached.has(block)),
      taken,
    );
  }

  const end = performance.now() + seconds * 1000;
  let done = 0;
  const isOver = (): boolean => performance.now() >= end || counts[2] === 1;
  while (!isOver() && done < runs && findings.size < mostFindings) {
    const batch: Input[] = [];
    // Under load, or where inputs take long, a batch alone may take longer than there is time.
    for (let index = 0; index < Math.min(batchSize, runs - done) && !isOver(); index++) {
      const { seed, bytes } = numbers.of(pool);
      const input = { seed, bytes: mutate(bytes, numbers, [numbers.of(pool).bytes], longest) };
      const kind = await read(input);
      batch.push(input);
      // A new kind of outcome is worth going on from.
      if (!kinds.has(kind) && kinds.size < mostKinds) {
        kinds.add(kind);
        pool.push(input);
      }
    }
    done += batch.length;
    if (blocks !== undefined)
      await keepWhatIsNew(
        batch,
        blocks().filter((block) => !seen.has(block)),
        blocks,
      );
    if (Object.getOwnPropertyNames(Object.prototype).length !== nativeNames) {
      report("Object.prototype was changed by one of the last inputs", batch.at(-1)?.bytes ?? new Uint8Array(0));
      break;
    }
  }
  process.off("unhandledRejection", unhandled);
  // Every read counts, those that look for what a batch reached too.
  return { reader, done: counts[1] ?? 0, pool: pool.length, kinds: kinds.size, blocks: seen.size, findings: [...findings.values()] };
}

/** What an outcome is like, without the names and numbers that each file has of its own. */
function kindOf(outcome: Outcome): string {
  if (!("refused" in outcome)) return "read";
  return `${outcome.refused} ${outcome.message.replaceAll(/"[^"]*"|'[^']*'|\[[^\]]*\]|\b[0-9a-f]+\b|\d+/g, "#").slice(0, 120)}`;
}
