import { priorityQueue } from "./priority-queue.ts";

/** The `count` items with the largest values of those that were offered, of equal ones the earlier: in time that grows with the number of offers alone. */
export interface Largest<Item> {
  /** An item is made only where it is among the largest so far. */
  offer(value: number, make: () => Item): void;
  /** The largest first. */
  sorted(): readonly Item[];
}

export function largest<Item>(count: number): Largest<Item> {
  interface Offered {
    readonly value: number;
    readonly order: number;
    readonly item: Item;
  }
  const isWorse = (a: Offered, b: Offered): boolean => a.value < b.value || (a.value === b.value && a.order > b.order);
  // The worst leaves first.
  const kept = priorityQueue<Offered>(isWorse);
  let order = 0;
  return {
    offer(value, make) {
      if (kept.size === count && value <= (kept.first?.value ?? 0)) return;
      kept.push({ value, order: order++, item: make() });
      if (kept.size > count) kept.pop();
    },
    sorted() {
      const all: Offered[] = [];
      for (let next = kept.pop(); next !== undefined; next = kept.pop()) all.push(next);
      for (const one of all) kept.push(one);
      return all.toReversed().map(({ item }) => item);
    },
  };
}
