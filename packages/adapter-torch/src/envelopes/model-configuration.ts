import { headOfArchitecture, isTreeMap, plainConfiguration } from "@longspan/core";
import type { Head, PlainConfiguration, TreeMap, TreeValue } from "@longspan/core";

/**
 * A Longformer's configuration inside a file: a dict with `model_type: "longformer"`, or the pickled LongformerConfig of a whole
 * module. Undefined for anything else. Attributes that begin with `_` are transformers' own notes, not configuration.
 * @param path where it lies, for messages
 */
export function longformerConfiguration(value: TreeValue | undefined, path: string): PlainConfiguration | undefined {
  const map = configurationMap(value);
  if (map === undefined) return undefined;
  const { config, warnings } = plainConfiguration(map, path, (key) => !key.startsWith("_"));
  return { config: config === undefined ? undefined : { ...config, model_type: "longformer" }, warnings };
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
