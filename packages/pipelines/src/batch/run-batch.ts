import { type ErrorCode, LongspanError, type ProgressListener } from "@longspan/core";
import { shownMessage, throwIfAborted } from "@longspan/core/adapter";
import { jobSource, type Batchable, type Job, type JobSource } from "../running/job.ts";
import { runTogether, type RowOutputs } from "../running/run-rows.ts";
import { type SessionOutputs, spentOutputs } from "../running/spent-outputs.ts";
import type { TokenRow } from "../running/token-row.ts";
import { batchLimits } from "./batch-limits.ts";
import type { BatchItem, BatchOptions, BatchOutcome, BatchProgress, CallOptions } from "./batch-types.ts";
import { itemReader } from "./item-reader.ts";
import { orderedLine, unorderedLine } from "./outcome-line.ts";
import { rowPool, type PooledRow } from "./row-pool.ts";

/** Tokens of windows that wait for their turn, beside which their texts are kept. A single document may have more. */
const maxWaitingTokens = 2 ** 20;

/** So many batches' tokens are read before the first, so that windows of like length are found. */
const batchesToChooseFrom = 8;

/** For how long items are cut before others have their turn: a finished run, a signal. */
const breathMilliseconds = 20;

/** What no item is to blame for: the batch ends with it. */
const errorsOfAll: ReadonlySet<ErrorCode> = new Set(["aborted", "closed", "device-lost"]);

/** An item on its way. */
interface Entry<Item, Result> {
  readonly item: Item;
  readonly index: number;
  readonly job: Job<Result> | undefined;
  readonly rows: readonly TokenRow[];
  /** Rows taken into batches, and rows whose outputs have come. */
  taken: number;
  added: number;
  outcome: BatchOutcome<Item, Result> | undefined;
}

/**
 * Runs a pipeline on many inputs, of a list or of a stream: windows of like length run together, whatever items they are of, and the next
 * items are read and cut while the model runs. An item that cannot be answered has an error in place of a result and holds up no other.
 *
 * Items are read as outcomes are taken: never more than `readAhead` are on their way, so that memory does not grow with their number. A
 * stream that has nothing to give for now is not waited for while there is something to run.
 * @returns the outcomes, in the order of the items unless `unordered`. To stop early, leave the loop.
 * @throws LongspanError `argument-invalid` for options out of range; while it runs, what no item is to blame for: `aborted`, `closed`
 * after `dispose`, `device-lost`; and, when all that came before is told, what `items` throws.
 */
export async function* runBatch<Input, Options, Result, Item extends BatchItem<Input, Options>>(
  pipeline: Batchable<Input, Options, Result>,
  items: Iterable<Item> | AsyncIterable<Item>,
  given: BatchOptions<Options> = {},
): AsyncGenerator<BatchOutcome<Item, Result>, void, void> {
  const { signal } = given;
  throwIfAborted(signal);
  const source = pipeline[jobSource];
  const limits = batchLimits(given, source.model.maxTokens);
  const prepare = preparation(source, given.options);
  const pool = rowPool<Entry<Item, Result>>(limits.pool);
  const line = given.unordered === true ? unorderedLine<Entry<Item, Result>>() : orderedLine<Entry<Item, Result>>();
  const counts = { items: 0, errors: 0, batches: 0, windows: 0, tokens: 0, paddingTokens: 0 };
  // Rung when something may go on: an item has come, a run has ended, a time is over, the signal.
  let ring = (): void => {};
  const rung = async (): Promise<void> =>
    new Promise((resolve) => {
      ring = resolve;
    });
  const interrupt = (): void => ring();
  const reader = itemReader(
    items,
    (item: Item, index) => entryOf(item, index, prepare),
    () => ring(),
  );
  const enough = limits.pool.tokens === Infinity ? source.model.maxTokens * limits.pool.rows : limits.pool.tokens;

  function settle(entry: Entry<Item, Result>, outcome: { readonly result: Result } | { readonly error: Error }): void {
    if (entry.outcome !== undefined) return;
    entry.outcome = { item: entry.item, index: entry.index, tokens: tokensOf(entry.rows), ...outcome };
    counts.items++;
    if ("error" in outcome) counts.errors++;
    pool.drop(entry);
    line.settled(entry);
  }

  function accept(entry: Entry<Item, Result>): void {
    line.add(entry);
    const { outcome } = entry;
    if (outcome === undefined) return pool.add(entry);
    counts.items++;
    counts.errors++;
    line.settled(entry);
  }

  /** Takes items in until that is so, or there are enough for now, or there are none. */
  async function fill(until: () => boolean): Promise<void> {
    let breath = performance.now();
    while (!until() && line.length < limits.readAhead && pool.tokens < maxWaitingTokens) {
      throwIfAborted(signal);
      const found = reader.take();
      if (found !== undefined) accept(found.item);
      else if (reader.isDone) return;
      else await rung();
      if (performance.now() - breath < breathMilliseconds) continue;
      await nextTurn();
      breath = performance.now();
    }
  }

  /** What comes by itself within a time, up to what is worth choosing from. */
  async function gather(): Promise<void> {
    let isOver = false;
    const most = limits.patience > 0 ? enough : enough * batchesToChooseFrom;
    const timer = setTimeout(() => {
      isOver = true;
      ring();
    }, limits.patience);
    try {
      await fill(() => isOver || pool.tokens >= most);
    } finally {
      clearTimeout(timer);
    }
  }

  const spent = spentOutputs();

  async function runNext(): Promise<void> {
    const batch = pool.take();
    if (batch.length === 0) return;
    let isRunning = true;
    const known = counts.windows + batch.length + pool.rows;
    const first = counts.windows + 1;
    const item = `window ${first}${batch.length > 1 ? ` to ${counts.windows + batch.length}` : ""} of ${known}`;
    // What a listener throws is no item's fault.
    let thrown: { readonly error: unknown } | undefined;
    const onProgress: ProgressListener = ({ done, total }) => {
      try {
        given.onProgress?.({ stage: "run", item, done: counts.windows * total + batch.length * done, total: known * total, unit: "steps" });
      } catch (error) {
        thrown ??= { error };
      }
    };
    const running = runPart(source, batch, { signal, onProgress, reuse: spent.memory }).finally(() => {
      isRunning = false;
      ring();
    });
    // While the model runs, the next items are read and cut. It is waited for in any case: it may not be disposed while it runs.
    const [ran, filled] = await Promise.allSettled([running, fill(() => !isRunning)]);
    if (thrown !== undefined) throw thrown.error;
    if (ran.status === "rejected") throw ran.reason;
    if (filled.status === "rejected") throw filled.reason;
    count(counts, batch);
    for (const { owner, output } of ran.value.rows) {
      if (owner.outcome !== undefined) continue;
      try {
        owner.job?.add(output());
        if (++owner.added < owner.rows.length || owner.job === undefined) continue;
        settle(owner, { result: owner.job.result() });
      } catch (error) {
        settle(owner, { error: errorOf(error) });
      }
    }
    if (ran.value.outputs !== undefined) spent.add(ran.value.outputs);
    given.onBatch?.({ ...counts });
  }

  const end = source.model.begin();
  signal?.addEventListener("abort", interrupt);
  try {
    while (!(reader.isDone && line.length === 0)) {
      await fill(() => !pool.isEmpty || line.isReady);
      await gather();
      throwIfAborted(signal);
      await runNext();
      for (const { outcome } of line.leave()) if (outcome !== undefined) yield outcome;
    }
    if (reader.failure !== undefined) throw reader.failure;
  } finally {
    signal?.removeEventListener("abort", interrupt);
    end();
    await reader.close();
  }
}

/** An item, cut; what is wrong with it is its outcome. */
async function entryOf<Input, Options, Result, Item extends BatchItem<Input, Options>>(
  item: Item,
  index: number,
  prepare: (item: Item, index: number) => Promise<Job<Result>>,
): Promise<Entry<Item, Result>> {
  const place = { item, index, taken: 0, added: 0 };
  try {
    const job = await prepare(item, index);
    return { ...place, job, rows: job.rows, outcome: undefined };
  } catch (error) {
    return { ...place, job: undefined, rows: [], outcome: { item, index, tokens: 0, error: errorOf(error) } };
  }
}

/** Options of the batch are checked once, and at once. */
function preparation<Input, Options, Result>(
  source: JobSource<Input, Options, Result>,
  common: CallOptions<Options> | undefined,
): (item: BatchItem<Input, Options>, index: number) => Promise<Job<Result>> {
  const usual = source.prepare(common);
  return async ({ input, options }, index) => {
    const prepare = options === undefined ? usual : source.prepare({ ...common, ...options });
    return prepare(isReader(input) ? await input() : input, index);
  };
}

function isReader<Input>(input: Input | (() => Input | Promise<Input>)): input is () => Input | Promise<Input> {
  return typeof input === "function";
}

interface RowResult<Owner> {
  readonly owner: Owner;
  /** @throws what the row's error is. */
  readonly output: () => RowOutputs;
}

interface PartResult<Owner> {
  readonly rows: readonly RowResult<Owner>[];
  /** Of a batch that was run as a whole. */
  readonly outputs?: SessionOutputs;
}

/** Runs a batch; where it fails, its halves, so that the rows that fail are found and the others are not lost. */
async function runPart<Owner>(
  source: Pick<JobSource<unknown, unknown, unknown>, "model">,
  batch: readonly PooledRow<Owner>[],
  { reuse, ...options }: Pick<BatchOptions<unknown>, "signal" | "onProgress"> & { readonly reuse?: SessionOutputs | undefined },
): Promise<PartResult<Owner>> {
  try {
    const { outputs, outputsOf } = await runTogether(
      source.model,
      batch.map(({ row }) => row),
      { ...options, reuse },
    );
    return { outputs, rows: batch.map(({ owner }, index) => ({ owner, output: () => outputsOf(index) })) };
  } catch (error) {
    if (LongspanError.isInstance(error) && errorsOfAll.has(error.code)) throw error;
    const fail = (): never => {
      throw error;
    };
    if (batch.length === 1) return { rows: batch.map(({ owner }) => ({ owner, output: fail })) };
    const middle = Math.ceil(batch.length / 2);
    const first = await runPart(source, batch.slice(0, middle), options);
    return { rows: [...first.rows, ...(await runPart(source, batch.slice(middle), options)).rows] };
  }
}

function count(counts: { -readonly [Name in keyof BatchProgress]: number }, batch: readonly PooledRow<unknown>[]): void {
  const lengths = batch.map(({ row }) => row.ids.length);
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  counts.batches++;
  counts.windows += batch.length;
  counts.tokens += tokens;
  counts.paddingTokens += Math.max(...lengths) * batch.length - tokens;
}

function tokensOf(rows: readonly TokenRow[]): number {
  return rows.reduce((sum, { ids }) => sum + ids.length, 0);
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(shownMessage(String(error)));
}

async function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}
