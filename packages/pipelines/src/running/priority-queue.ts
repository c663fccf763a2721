/** A binary heap. */
export interface PriorityQueue<Item> {
  readonly size: number;
  /** The first item. */
  readonly first: Item | undefined;
  push(item: Item): void;
  /** Takes the first item out. */
  pop(): Item | undefined;
}

/** @param isBefore whether an item is to leave before another one */
export function priorityQueue<Item>(isBefore: (item: Item, other: Item) => boolean): PriorityQueue<Item> {
  const items: Item[] = [];
  return {
    get size() {
      return items.length;
    },
    get first() {
      return items[0];
    },
    push(item) {
      let at = items.length;
      items.push(item);
      while (at > 0) {
        const parent = (at - 1) >> 1;
        const above = items[parent];
        if (above === undefined || !isBefore(item, above)) break;
        items[at] = above;
        at = parent;
      }
      items[at] = item;
    },
    pop() {
      const [first] = items;
      const last = items.pop();
      if (items.length === 0 || last === undefined) return first;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        let below = items[child];
        const right = items[child + 1];
        if (below !== undefined && right !== undefined && isBefore(right, below)) [child, below] = [child + 1, right];
        if (below === undefined || !isBefore(below, last)) break;
        items[at] = below;
        at = child;
      }
      items[at] = last;
      return first;
    },
  };
}
