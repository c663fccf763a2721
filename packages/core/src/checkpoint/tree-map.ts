import type { TreeMap, TreeValue } from "./tree.ts";

/** A `TreeMap` over these entries; of a key that stands twice, the last value counts, as in Python. */
export function treeMap(entries: readonly (readonly [TreeValue, TreeValue])[]): TreeMap {
  let byName: Map<string, TreeValue> | undefined;
  return {
    kind: "map",
    entries,
    get(key) {
      if (byName === undefined) {
        byName = new Map();
        for (const [name, value] of entries) if (typeof name === "string") byName.set(name, value);
      }
      return byName.get(key);
    },
  };
}
