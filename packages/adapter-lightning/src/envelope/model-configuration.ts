import type { Head } from "@longspan/core";
import {
  headOfArchitecture,
  isRobertaModelType,
  modelTypeOfConfigClass,
  type PlainConfiguration,
  plainConfiguration,
} from "@longspan/core/adapter";
import type { FoundObject } from "./find-in-hyper-parameters.ts";

/** Names that only a transformer's configuration has together. */
const definingKeys: readonly string[] = ["hidden_size", "num_hidden_layers", "num_attention_heads"];

/** Attributes of a configuration object that describe the process it lived in, not the model (transformers' PretrainedConfig). */
const runtimeKeys: ReadonlySet<string> = new Set(["torch_dtype", "dtype", "name_or_path"]);

/**
 * Hugging Face's keys and values of the object, when it describes a Longformer: its own configuration, or that of a RoBERTa that was given a
 * Longformer's attention, by allenai's code or others'. With `plainRoberta`, that of a RoBERTa of which nothing says so.
 */
export function modelConfiguration(
  found: FoundObject,
  { plainRoberta }: { readonly plainRoberta: boolean },
): PlainConfiguration | undefined {
  const { attributes, className, path } = found;
  if (!definingKeys.every((key) => attributes.get(key) !== undefined)) return undefined;
  const said = attributes.get("model_type");
  const ofClass = className === undefined ? undefined : modelTypeOfConfigClass(className);
  const type = said ?? ofClass ?? "longformer";
  const hasWindows = attributes.get("attention_window") !== undefined;
  const wanted = plainRoberta ? isRobertaModelType(type) && !hasWindows : hasWindows && (type === "longformer" || isRobertaModelType(type));
  if (!wanted) return undefined;
  const { config, warnings } = plainConfiguration(attributes, path, (key) => !key.startsWith("_") && !runtimeKeys.has(key));
  // The class knows its model_type; objects of it do not repeat that.
  const named = said === undefined && ofClass !== undefined ? { model_type: ofClass } : {};
  return { config: config === undefined ? undefined : { ...config, ...named }, warnings };
}

/** The head an `architectures` list names, when it names exactly one Longformer. */
export function headOfWords(architectures: unknown): Head | undefined {
  if (!Array.isArray(architectures) || architectures.length !== 1) return undefined;
  const name: unknown = architectures[0];
  return typeof name === "string" ? headOfArchitecture(name) : undefined;
}
