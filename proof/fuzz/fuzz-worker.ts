// The thread that reads: it may run out of memory or never end, so each input lies in shared memory before it is read.
import { parentPort, workerData } from "node:worker_threads";
import { outcomeOf, type Outcome } from "../../tests/hostile/readers.ts";
import { seedsOf, type Seed } from "../../tests/hostile/seeds.ts";
import { coverage } from "./coverage.ts";
import type { Finding, FuzzState, WorkerRequest } from "./fuzz-reader.ts";
import { mutate } from "./mutate.ts";
import { random } from "./random.ts";

/** Seconds of the processor that one input may take. */
const slowest = 1;
const batchSize = 256;
/** Findings of one kind say no more than the first. */
const mostFindings = 20;

const request: WorkerRequest = workerData;
const { reader, seconds, runs, seed, guided } = request;
/** What is read now, for the other thread: it survives this one. */
const current = new Uint8Array(request.input);
const counts = new Int32Array(request.counts);
const numbers = random(seed);

const seeds = await seedsOf(reader);
const longest = Math.min(current.length, 2 * Math.max(...seeds.map(({ bytes }) => bytes.length)) + 1024);
const pool: { readonly seed: Seed; readonly bytes: Uint8Array }[] = seeds.map((each) => ({ seed: each, bytes: each.bytes }));
const kinds = new Set<string>();
const findings = new Map<string, Finding>();
const nativeNames = Object.getOwnPropertyNames(Object.prototype).length;

/** What an outcome is like, without the names and numbers that each file has of its own. */
function kindOf(outcome: Outcome): string {
  if (!("refused" in outcome)) return "read";
  return `${outcome.refused} ${outcome.message.replaceAll(/"[^"]*"|'[^']*'|\[[^\]]*\]|\b[0-9a-f]+\b|\d+/g, "#").slice(0, 120)}`;
}

async function read(seedOfInput: Seed, bytes: Uint8Array): Promise<string> {
  current.set(bytes);
  counts[0] = bytes.length;
  const start = process.threadCpuUsage();
  let kind: string;
  try {
    kind = kindOf(await outcomeOf(reader, { ...seedOfInput.beside, [seedOfInput.fileName]: bytes }, seedOfInput.fileName));
  } catch (error) {
    kind = "broken";
    report(
      error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      bytes,
      error instanceof Error ? error.stack : undefined,
    );
  }
  const { user, system } = process.threadCpuUsage(start);
  if (user + system > slowest * 1e6) report(`takes more than ${slowest} s`, bytes);
  counts[1] = (counts[1] ?? 0) + 1;
  return kind;
}

function report(what: string, bytes: Uint8Array, stack?: string): void {
  const kind = what.replaceAll(/"[^"]*"|\d+/g, "#").slice(0, 160);
  if (findings.has(kind) || findings.size >= mostFindings) return;
  findings.set(kind, { kind, what: what.slice(0, 1000), bytes: bytes.slice(), stack });
}

const blocks = guided ? coverage() : undefined;
for (const each of seeds) kinds.add(await read(each, each.bytes));
const seen = new Set(blocks?.() ?? []);

const end = performance.now() + seconds * 1000;
let done = 0;
while (performance.now() < end && done < runs && findings.size < mostFindings) {
  const batch: (typeof pool)[number][] = [];
  for (let index = 0; index < Math.min(batchSize, runs - done); index++) {
    const from = numbers.of(pool);
    const other = numbers.of(pool);
    const bytes = mutate(from.bytes, numbers, [other.bytes], longest);
    const kind = await read(from.seed, bytes);
    batch.push({ seed: from.seed, bytes });
    // A new kind of outcome is worth going on from.
    if (!kinds.has(kind) && kinds.size < 5000) {
      kinds.add(kind);
      pool.push({ seed: from.seed, bytes });
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
    report("Object.prototype was changed", batch.at(-1)?.bytes ?? new Uint8Array(0));
    break;
  }
}

/** Finds the inputs that reached what none had reached, by reading halves of the batch again. */
async function keepWhatIsNew(
  batch: readonly (typeof pool)[number][],
  wanted: readonly string[],
  taken: () => readonly string[],
): Promise<void> {
  const [first] = batch;
  if (wanted.length === 0 || first === undefined) return;
  if (batch.length === 1) {
    pool.push(first);
    for (const block of wanted) seen.add(block);
    return;
  }
  const half = batch.slice(0, batch.length / 2);
  for (const { seed: from, bytes } of half) await read(from, bytes);
  const reached = new Set(taken());
  const found = wanted.filter((block) => reached.has(block));
  await keepWhatIsNew(half, found, taken);
  await keepWhatIsNew(
    batch.slice(half.length),
    wanted.filter((block) => !reached.has(block)),
    taken,
  );
}

// Every read counts, those that look for what a batch reached too.
const state: FuzzState = {
  done: counts[1] ?? 0,
  pool: pool.length,
  kinds: kinds.size,
  blocks: seen.size,
  findings: [...findings.values()],
};
parentPort?.postMessage(state);
