import type { TokenRow } from "../running/token-row.ts";

/** A job whose rows wait. */
export interface PooledJob {
  readonly rows: readonly TokenRow[];
  /** How many of its rows were taken. */
  taken: number;
}

export interface PoolLimits {
  /** Rows of a batch. */
  readonly rows: number;
  /** Tokens of a batch, padding included. A single row may have more. */
  readonly tokens: number;
  /** The share of padding in a batch. */
  readonly padding: number;
}

export interface PooledRow<Pooled> {
  readonly owner: Pooled;
  readonly row: TokenRow;
}

/** Rows of many jobs, from which batches of rows of like length are taken. */
export interface RowPool<Pooled extends PooledJob> {
  readonly isEmpty: boolean;
  /** Rows, and tokens, that wait. */
  readonly rows: number;
  readonly tokens: number;
  add(pooled: Pooled): void;
  /** Leaves out the rows of a job that still wait. */
  drop(pooled: Pooled): void;
  /** The next batch, in which rows of one job stand in their order: around the next row of the oldest job. Empty when nothing waits. */
  take(): readonly PooledRow<Pooled>[];
}

export function rowPool<Pooled extends PooledJob>(limits: PoolLimits): RowPool<Pooled> {
  const waiting = new Set<Pooled>();
  let [waitingRows, tokens] = [0, 0];

  /** Rows of a job may be taken in their order alone: those up to the next one of another length. */
  function candidatesOf(owner: Pooled): readonly PooledRow<Pooled>[] {
    const { rows } = owner;
    const length = rows[owner.taken]?.ids.length;
    const found: PooledRow<Pooled>[] = [];
    for (let index = owner.taken; index < rows.length && found.length < limits.rows; index++) {
      const row = rows[index];
      if (row?.ids.length !== length || row === undefined) break;
      found.push({ owner, row });
    }
    return found;
  }

  return {
    get isEmpty() {
      return waiting.size === 0;
    },
    get rows() {
      return waitingRows;
    },
    get tokens() {
      return tokens;
    },
    add(pooled) {
      waiting.add(pooled);
      waitingRows += pooled.rows.length;
      tokens += sumOfLengths(pooled.rows);
    },
    drop(pooled) {
      if (!waiting.delete(pooled)) return;
      const left = pooled.rows.slice(pooled.taken);
      waitingRows -= left.length;
      tokens -= sumOfLengths(left);
    },
    take() {
      const [oldest] = waiting;
      if (oldest === undefined) return [];
      const candidates = [...waiting].flatMap((owner) => candidatesOf(owner));
      // The sort is stable: rows of one length stay in the order of their jobs.
      const sorted = candidates.toSorted((a, b) => a.row.ids.length - b.row.ids.length);
      const chosen = likeRows(
        sorted,
        sorted.findIndex(({ owner }) => owner === oldest),
        limits,
      );
      // As many rows of each job as were chosen, from its next one on: all of them have one length.
      return chosen.flatMap(({ owner }) => {
        const row = owner.rows[owner.taken++];
        if (row === undefined) return [];
        waitingRows--;
        tokens -= row.ids.length;
        if (owner.taken === owner.rows.length) waiting.delete(owner);
        return [{ owner, row }];
      });
    },
  };
}

/** Rows beside the first one in a list sorted by length, the nearest in length first, as far as the limits go. */
function likeRows<Pooled>(sorted: readonly PooledRow<Pooled>[], first: number, limits: PoolLimits): readonly PooledRow<Pooled>[] {
  const lengthAt = (index: number): number | undefined => sorted[index]?.row.ids.length;
  const seed = lengthAt(first) ?? 0;
  let [from, to, real] = [first, first + 1, seed];
  while (to - from < limits.rows) {
    const [shorter, longer] = [lengthAt(from - 1), lengthAt(to)];
    const takesLonger = longer !== undefined && (shorter === undefined || longer - seed <= seed - shorter);
    const length = takesLonger ? longer : shorter;
    if (length === undefined) break;
    const padded = (to - from + 1) * (takesLonger ? length : (lengthAt(to - 1) ?? 0));
    if (padded > limits.tokens || padded - (real + length) > limits.padding * padded) break;
    real += length;
    if (takesLonger) to++;
    else from--;
  }
  return sorted.slice(from, to);
}

function sumOfLengths(rows: readonly TokenRow[]): number {
  return rows.reduce((sum, { ids }) => sum + ids.length, 0);
}
