import type { Head, PlainConfiguration } from "@longspan/core";
import { headOfArchitecture, plainConfiguration } from "@longspan/core";
import type { FoundObject } from "./find-in-hyper-parameters.ts";

/** Names that only a transformer's configuration has together. A training script's own `attention_window` is not one. */
const definingKeys: readonly string[] = ["attention_window", "hidden_size", "num_hidden_layers", "num_attention_heads"];

/** Attributes of a configuration object that describe the process it lived in, not the model (transformers' PretrainedConfig). */
const runtimeKeys: ReadonlySet<string> = new Set(["torch_dtype", "dtype", "name_or_path"]);

/** Hugging Face's keys and values of the object, when it describes a Longformer. */
export function longformerConfiguration(found: FoundObject): PlainConfiguration | undefined {
  const { attributes, className, path } = found;
  const isConfigurationClass = className !== undefined && className.endsWith("LongformerConfig");
  if (!definingKeys.every((key) => attributes.get(key) !== undefined)) return undefined;
  const type = attributes.get("model_type");
  // The original implementation's configuration is a RoBERTa's with more keys (allenai/longformer, longformer/longformer.py).
  const isOriginal = type === "roberta" && attributes.get("attention_dilation") !== undefined;
  if (!isConfigurationClass && !isOriginal && type !== undefined && type !== "longformer") return undefined;
  const { config, warnings } = plainConfiguration(attributes, path, (key) => !key.startsWith("_") && !runtimeKeys.has(key));
  // The class knows its model_type; objects of it do not repeat that.
  const named = isConfigurationClass && type === undefined ? { model_type: "longformer" } : {};
  return { config: config === undefined ? undefined : { ...config, ...named }, warnings };
}

/** The head an `architectures` list names, when it names exactly one Longformer. */
export function headOfWords(architectures: unknown): Head | undefined {
  if (!Array.isArray(architectures) || architectures.length !== 1) return undefined;
  const name: unknown = architectures[0];
  return typeof name === "string" ? headOfArchitecture(name) : undefined;
}
