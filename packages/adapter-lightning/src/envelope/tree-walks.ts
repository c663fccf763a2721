import type { TreeMap, TreeOpaque, TreeValue } from "@longspan/core";
import { isTensor, isTreeMap } from "@longspan/core";

/** The last part of a dotted class name: `Namespace` of `argparse.Namespace`. */
export function simpleClassName(value: TreeOpaque): string {
  return value.className.slice(value.className.lastIndexOf(".") + 1);
}

export function isOpaque(value: TreeValue | undefined): value is TreeOpaque {
  return typeof value === "object" && value !== null && value.kind === "opaque";
}

/**
 * What an object of an unknown class knows by name: its `__dict__`, or the entries of a class derived from `dict`.
 * An object with slots has the state `(dict or None, slots)`.
 */
export function attributesOf(value: TreeValue | undefined): TreeMap | undefined {
  if (isTreeMap(value)) return value;
  if (!isOpaque(value)) return undefined;
  const state = value.state;
  if (isTreeMap(state)) return state;
  if (typeof state === "object" && state !== null && state.kind === "tuple") return state.items.find(isTreeMap);
  return undefined;
}

/** What a value is, in a few words, for messages. */
export function describe(value: TreeValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value !== "object") return typeof value === "string" ? "a string" : `a ${typeof value}`;
  return value.kind === "opaque" ? `an object of class ${value.className}` : `a ${value.kind}`;
}

/** Whether a tensor of that many dimensions or more lies anywhere inside. Iterative, every shared value once: a nest of a million tuples is only slow. */
export function holdsTensor(value: TreeValue, dimensions = 0): boolean {
  const seen = new Set<object>();
  const waiting: TreeValue[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (isTensor(next) && next.shape.length >= dimensions) return true;
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (next.kind === "map") for (const [, item] of next.entries) waiting.push(item);
    else if (next.kind === "opaque") waiting.push(next.state ?? null);
    else if (next.kind !== "tensor") for (const item of next.items) waiting.push(item);
  }
  return false;
}

/** True for `{}`, `[]`, None and for text without characters: nothing is lost with them. */
export function isEmpty(value: TreeValue): boolean {
  if (value === null || value === "") return true;
  if (typeof value !== "object") return false;
  if (value.kind === "tensor" || value.kind === "opaque") return false;
  return value.kind === "map" ? value.entries.length === 0 : value.items.length === 0;
}
