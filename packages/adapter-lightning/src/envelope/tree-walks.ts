import { isTreeMap, type TreeMap, type TreeOpaque, type TreeValue } from "@longspan/core/adapter";

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

/** True for `{}`, `[]`, None and for text without characters: nothing is lost with them. */
export function isEmpty(value: TreeValue): boolean {
  if (value === null || value === "") return true;
  if (typeof value !== "object") return false;
  if (value.kind === "tensor" || value.kind === "opaque") return false;
  return value.kind === "map" ? value.entries.length === 0 : value.items.length === 0;
}
