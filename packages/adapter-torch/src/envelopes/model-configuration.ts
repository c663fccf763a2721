import type { Head } from "@longspan/core";
import {
  headOfArchitecture,
  isRobertaModelType,
  isTreeMap,
  modelTypeOfConfigClass,
  plainConfiguration,
  type PlainConfiguration,
  type TreeMap,
  type TreeValue,
} from "@longspan/core/adapter";

/**
 * A Longformer's or RoBERTa's configuration inside a file (a RoBERTa may have a Longformer's attention): a dict that says so with its
 * `model_type`, or the pickled configuration of a whole module. Undefined for anything else. Attributes that begin with `_` are transformers' own notes, not configuration.
 * @param path where it lies, for messages
 */
export function modelConfiguration(value: TreeValue | undefined, path: string): PlainConfiguration | undefined {
  const found = configurationMap(value);
  if (found === undefined) return undefined;
  const { config, warnings } = plainConfiguration(found.map, path, (key) => !key.startsWith("_"));
  return { config: config === undefined ? undefined : { ...config, model_type: found.modelType }, warnings };
}

/** The head that a class such as `transformers.models.longformer.modeling_longformer.LongformerForMaskedLM` is. */
export function headOfClass(className: string): Head | undefined {
  return headOfArchitecture(className.slice(className.lastIndexOf(".") + 1));
}

function configurationMap(value: TreeValue | undefined): { readonly map: TreeMap; readonly modelType: string } | undefined {
  if (isTreeMap(value)) {
    const modelType = value.get("model_type");
    const isKnown = typeof modelType === "string" && (modelType === "longformer" || isRobertaModelType(modelType));
    return isKnown ? { map: value, modelType } : undefined;
  }
  if (typeof value !== "object" || value === null || value.kind !== "opaque" || !isTreeMap(value.state)) return undefined;
  const modelType = modelTypeOfConfigClass(value.className);
  return modelType === undefined ? undefined : { map: value.state, modelType };
}
