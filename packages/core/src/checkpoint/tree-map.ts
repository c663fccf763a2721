import type { TreeMap, TreeValue } from "./tree.ts";

/** A `TreeMap` over these entries; of a key that stands twice, the last value counts, as in Python. */
export function treeMap(entries: readonly (readonly [TreeValue, TreeValue])[]): TreeMap {
  return new IndexedMap(entries);
}

/** A class, since a file may hold millions of dicts: a closure for each would cost more than the dict. */
class IndexedMap implements TreeMap {
  readonly kind = "map";
  readonly entries: TreeMap["entries"];
  #byName: Map<string, TreeValue> | undefined;

  constructor(entries: TreeMap["entries"]) {
    this.entries = entries;
  }

  get(key: string): TreeValue | undefined {
    if (this.#byName === undefined) {
      this.#byName = new Map();
      for (const [name, value] of this.entries) if (typeof name === "string") this.#byName.set(name, value);
    }
    return this.#byName.get(key);
  }
}
