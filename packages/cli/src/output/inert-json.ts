import { foldTree, isJsonObject, isTreeMap, type Json, type TreeFold, type TreeValue } from "@longspan/core/adapter";

/** Hyper-parameters are small; a checkpoint that says more of itself is cut, not printed for minutes. */
const limits = { depth: 12, values: 20_000 } as const;

/** A checkpoint's inert data as JSON: unknown classes under `$class`, tensors, cycles and what is beyond the limits by a short description. */
export function inertJson(value: TreeValue): unknown {
  return foldTree(value, toInertJson, limits).result;
}

const toInertJson: TreeFold<Json> = {
  leaf(value) {
    if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    return typeof value === "object" && value !== null ? `<tensor ${value.dataType} [${value.shape.join(", ")}]>` : value;
  },
  list(list, items) {
    const all = items.map((item) => item ?? null);
    return all.length < list.items.length ? [...all, "<more>"] : all;
  },
  map(map, entries) {
    const members = Object.fromEntries(entries.map(([key, item]) => [keyText(key), item ?? null] as const));
    return entries.length < map.entries.length ? { ...members, "<more>": map.entries.length - entries.length } : members;
  },
  opaque({ className, state: before }, state) {
    if (state === undefined) return { $class: className };
    return isTreeMap(before) && isJsonObject(state) ? { $class: className, ...state } : { $class: className, state };
  },
  left: (_, why) => (why === "cycle" ? "<cycle>" : "<more>"),
};

function keyText(key: TreeValue): string {
  if (typeof key === "object" && key !== null) return key.kind === "opaque" ? key.className : `<${key.kind}>`;
  return String(key);
}
