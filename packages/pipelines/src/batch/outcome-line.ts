/** Entries on their way, of which those that are settled leave. */
export interface OutcomeLine<Entry> {
  /** Entries that have not left. */
  readonly length: number;
  /** Whether one may leave. */
  readonly isReady: boolean;
  add(entry: Entry): void;
  settled(entry: Entry): void;
  /** Lets those leave that may. */
  leave(): Generator<Entry, void, void>;
}

/** Entries leave in the order in which they came. */
export function orderedLine<Entry>(): OutcomeLine<Entry> {
  // A set keeps the order, and lets the first go at once.
  const all = new Set<Entry>();
  const settled = new Set<Entry>();
  const first = (): Entry | undefined => {
    const [entry] = all;
    return entry !== undefined && settled.has(entry) ? entry : undefined;
  };
  return {
    get length() {
      return all.size;
    },
    get isReady() {
      return first() !== undefined;
    },
    add: (entry) => void all.add(entry),
    settled: (entry) => void settled.add(entry),
    *leave() {
      for (let entry = first(); entry !== undefined; entry = first()) {
        all.delete(entry);
        settled.delete(entry);
        yield entry;
      }
    },
  };
}

/** Entries leave as they are settled. */
export function unorderedLine<Entry>(): OutcomeLine<Entry> {
  let waiting = 0;
  const settled = new Set<Entry>();
  return {
    get length() {
      return waiting + settled.size;
    },
    get isReady() {
      return settled.size > 0;
    },
    add: () => void waiting++,
    settled(entry) {
      waiting--;
      settled.add(entry);
    },
    *leave() {
      for (const entry of settled) {
        settled.delete(entry);
        yield entry;
      }
    },
  };
}
