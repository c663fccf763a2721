/** 0, 1, …, count - 1. */
export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The lines that there are for each of some items, in one text. */
export function lines<Item>(items: readonly Item[], ofItem: (item: Item, index: number) => string | readonly string[]): string {
  return items.flatMap(ofItem).join("\n");
}
