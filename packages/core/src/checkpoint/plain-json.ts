import { foldTree, type TreeFold } from "./fold-tree.ts";
import { treeMap } from "./tree-map.ts";
import type { TreeMap, TreeValue } from "./tree.ts";

/** Anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A configuration has about 60 keys, of which `id2label` can be long: a list that unfolds into more describes no model. */
const configurationLimits = { values: 100_000, characters: 10_000_000 } as const;

/** A tree as JSON. */
export interface PlainJson {
  /** Undefined where JSON cannot say the value. */
  readonly json: Json | undefined;
  /** False when the value unfolds into more than `configurationLimits` allow. */
  readonly complete: boolean;
}

/**
 * A value as Python's `json.dumps` would write it, of any depth. What JSON cannot say (tensors, objects, sets, numbers that are not finite, integers
 * beyond 2^53, a value within itself) is left out of the dict that holds it; a list that holds such is left out whole, since what stands
 * behind it would move. Objects have own properties only, also one called `__proto__`.
 */
export function plainJson(value: TreeValue): PlainJson {
  const { result, complete } = foldTree(value, toJson, configurationLimits);
  return { json: complete ? result : undefined, complete };
}

/** A configuration found in a tree, as plain data. */
export interface PlainConfiguration {
  /** Undefined where it unfolds into too much. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  /** Sentences for the user: what of it could not be taken. */
  readonly warnings: readonly string[];
}

/**
 * The configuration that a dict in a file says, as far as JSON can say it.
 * @param path where in the file it lies, for the warning that it is left out
 * @param keeps which of its keys are configuration
 */
export function plainConfiguration(map: TreeMap, path: string, keeps: (key: string) => boolean): PlainConfiguration {
  const { json } = plainJson(treeMap(map.entries.filter(([key]) => typeof key === "string" && keeps(key))));
  if (isJsonObject(json)) return { config: { ...json }, warnings: [] };
  const warning = `The configuration in the file, "${path}", unfolds into more than ${configurationLimits.values} values; it is not read. Give the model's config.json.`;
  return { config: undefined, warnings: [warning] };
}

/** Whether JSON is an object, and no list. */
export function isJsonObject(json: Json | undefined): json is { readonly [key: string]: Json } {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

const toJson: TreeFold<Json> = {
  leaf(value) {
    if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
    if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
    return typeof value === "object" && value !== null ? undefined : value;
  },
  list(list, items) {
    return list.kind !== "set" && items.every((item) => item !== undefined) ? items : undefined;
  },
  map(_, entries) {
    return Object.fromEntries(
      entries.flatMap(([key, item]) => {
        // Python writes integer keys (of id2label) as text, too.
        const isPlain = typeof key === "string" || typeof key === "number" || typeof key === "bigint";
        return isPlain && item !== undefined ? [[String(key), item] as const] : [];
      }),
    );
  },
  opaque: () => undefined,
  left: () => undefined,
};
