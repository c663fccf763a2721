import type { PickleValue } from "../values.ts";

// Indexes nearly always count up from 0 (Python 3) or 1 (Python 2): those stand in an array. Others, which a hostile
// file may choose up to 2^32, go to a Map.
const toleratedGap = 64;

/** The values a pickle has put aside to refer to again. */
export class Memo {
  /** Number of entries. */
  size = 0;
  readonly #dense: (PickleValue | undefined)[] = [];
  readonly #sparse: Map<number, PickleValue> = new Map();

  get(index: number): PickleValue | undefined {
    return index < this.#dense.length ? this.#dense[index] : this.#sparse.get(index);
  }

  /** Whether the entry stands in the array. */
  put(index: number, value: PickleValue): boolean {
    const dense = this.#dense;
    if (index < dense.length) {
      if (dense[index] === undefined) this.size++;
      dense[index] = value;
    } else if (index - dense.length < toleratedGap && this.#sparse.size === 0) {
      while (dense.length < index) dense.push(undefined);
      dense.push(value);
      this.size++;
    } else {
      if (!this.#sparse.has(index)) this.size++;
      this.#sparse.set(index, value);
      return false;
    }
    return true;
  }
}
