import type { PickleValue } from "@longspan/pickle";

/** The ids of all persistent references in a pickle, each node once, in no particular order. Iterative: depth costs no stack. */
export function persistentIds(root: PickleValue): PickleValue[] {
  const ids: PickleValue[] = [];
  const seen = new Set<object>();
  const waiting: (PickleValue | undefined)[] = [root];
  const add = (values: readonly PickleValue[] | undefined): void => {
    // Not `push(...values)`: a list may be longer than a call's arguments can be.
    for (const value of values ?? []) if (typeof value === "object" && value !== null) waiting.push(value);
  };
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    switch (value.kind) {
      case "persistent-id":
        ids.push(value.id);
        break;
      case "list":
      case "tuple":
      case "set":
        add(value.items);
        break;
      case "dict":
        for (const entry of value.entries) add(entry);
        waiting.push(value.state);
        add(value.earlierStates);
        break;
      case "object":
        waiting.push(value.callable, value.keywords, value.state, value.entries);
        add(value.args);
        add(value.items);
        add(value.earlierStates);
        break;
      case "bytes":
      case "text":
      case "global":
        break;
    }
  }
  return ids;
}
