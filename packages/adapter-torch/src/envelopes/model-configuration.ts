import { headOfArchitecture, isTreeMap } from "@longspan/core";
import type { Head, TreeMap, TreeValue } from "@longspan/core";

/** Configurations are flat with small lists; what lies deeper is none. */
const maximumDepth = 8;

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * A Longformer's configuration inside a file: a dict with `model_type: "longformer"`, or the pickled LongformerConfig of a whole
 * module. Undefined for anything else. Attributes that begin with `_` are transformers' own notes, not configuration.
 */
export function longformerConfiguration(value: TreeValue | undefined): Readonly<Record<string, unknown>> | undefined {
  const map = configurationMap(value);
  if (map === undefined) return undefined;
  const config: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [key, item] of map.entries) {
    if (typeof key !== "string" || key.startsWith("_")) continue;
    const plain = plainJson(item, 0);
    if (plain !== undefined) config[key] = plain;
  }
  return { ...config, model_type: "longformer" };
}

/** The head that a class such as `transformers.models.longformer.modeling_longformer.LongformerForMaskedLM` is. */
export function headOfClass(className: string): Head | undefined {
  return headOfArchitecture(className.slice(className.lastIndexOf(".") + 1));
}

function configurationMap(value: TreeValue | undefined): TreeMap | undefined {
  if (isTreeMap(value)) return value.get("model_type") === "longformer" ? value : undefined;
  if (typeof value !== "object" || value === null || value.kind !== "opaque" || !isTreeMap(value.state)) return undefined;
  return value.className.endsWith(".LongformerConfig") ? value.state : undefined;
}

function plainJson(value: TreeValue, depth: number): Json | undefined {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "bigint" || depth === maximumDepth) return undefined;
  if (value.kind === "map") {
    const record: Record<string, Json> = Object.create(null) as Record<string, Json>;
    for (const [key, item] of value.entries) {
      const plain = plainJson(item, depth + 1);
      // Python's json.dump writes integer keys (of id2label) as text, too.
      if (plain !== undefined && (typeof key === "string" || typeof key === "number")) record[String(key)] = plain;
    }
    return { ...record };
  }
  if (value.kind !== "list" && value.kind !== "tuple") return undefined;
  const items = value.items.map((item) => plainJson(item, depth + 1));
  return items.every((item) => item !== undefined) ? items : undefined;
}
