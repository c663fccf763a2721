/** Reads a list or a stream one item ahead, and makes something of each, so that nobody has to wait for it. */
export interface ItemReader<Made> {
  /** Whether there is no more, and nobody else will come. */
  readonly isDone: boolean;
  /** What the source threw, with which it ended. */
  readonly failure: unknown;
  /** The item that has come, if one has; else asks for one, and `onChange` tells when it is here, or that there is none. */
  take(): { readonly item: Made } | undefined;
  /** Tells the source that no more is wanted. A source that waits itself is told, and not waited for. */
  close(): Promise<void>;
}

/** @param make never throws */
export function itemReader<Item, Made>(
  items: Iterable<Item> | AsyncIterable<Item>,
  make: (item: Item, index: number) => Promise<Made>,
  onChange: () => void,
): ItemReader<Made> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let arrived: { readonly item: Made } | undefined;
  let count = 0;
  let [isAsked, isDone] = [false, false];
  let failure: unknown;

  async function ask(): Promise<void> {
    isAsked = true;
    try {
      const found = await iterator.next();
      if (found.done === true) isDone = true;
      else arrived = { item: await make(found.value, count++) };
    } catch (error) {
      [isDone, failure] = [true, error];
    }
    isAsked = false;
    onChange();
  }

  return {
    get isDone() {
      return isDone && arrived === undefined;
    },
    get failure() {
      return failure;
    },
    take() {
      const found = arrived;
      arrived = undefined;
      if (found === undefined && !isAsked && !isDone) void ask();
      return found;
    },
    async close() {
      if (isDone) return;
      isDone = true;
      const closing = Promise.resolve(iterator.return?.());
      if (isAsked) closing.catch(() => {});
      else await closing;
    },
  };
}
