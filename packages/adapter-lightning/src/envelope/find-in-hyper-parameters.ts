import type { TreeMap, TreeValue } from "@longspan/core/adapter";
import { attributesOf, isOpaque } from "./tree-walks.ts";

/** How many objects are looked at, outer ones first: real hyper-parameters hold a handful. */
const maxObjects = 1000;

/** An object with named values, and where it was found: `hyper_parameters.config`. */
export interface FoundObject {
  readonly path: string;
  readonly className: string | undefined;
  readonly attributes: TreeMap;
}

/** All objects with named values among plain hyper-parameters, the outermost first, each once. */
export function objectsWithin(root: TreeValue, rootPath: string, rootClassName?: string): readonly FoundObject[] {
  const found: FoundObject[] = [];
  const seen = new Set([attributesOf(root)]);
  const waiting: { readonly value: TreeValue; readonly path: string }[] = [{ value: root, path: rootPath }];
  for (let index = 0; index < waiting.length && found.length < maxObjects; index++) {
    const entry = waiting[index];
    const attributes = attributesOf(entry?.value);
    if (entry === undefined || attributes === undefined) continue;
    const className = isOpaque(entry.value) ? entry.value.className : index === 0 ? rootClassName : undefined;
    found.push({ path: entry.path, className, attributes });
    for (const [key, value] of attributes.entries) {
      const inner = attributesOf(value);
      if (typeof key !== "string" || inner === undefined || seen.has(inner)) continue;
      seen.add(inner);
      waiting.push({ value, path: `${entry.path}.${key}` });
    }
  }
  return found;
}
