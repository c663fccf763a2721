import type { Head, TreeValue } from "@longspan/core";
import { headOfArchitecture } from "@longspan/core";
import type { FoundObject } from "./find-in-hyper-parameters.ts";

/**
 * A configuration has about 60 keys, of which `id2label` can be long. A file in which shared references unfold into more
 * values than this is not describing a model.
 */
const maximumValues = 100_000;
const maximumDepth = 32;

/** Names that only a transformer's configuration has together. A training script's own `attention_window` is not one. */
const definingKeys: readonly string[] = ["attention_window", "hidden_size", "num_hidden_layers", "num_attention_heads"];

/** Attributes of a configuration object that describe the process it lived in, not the model (transformers' PretrainedConfig). */
const runtimeKeys: ReadonlySet<string> = new Set(["torch_dtype", "dtype", "name_or_path"]);

/** Hugging Face's keys and values of the object, when it describes a Longformer. */
export function longformerConfiguration(found: FoundObject): Readonly<Record<string, unknown>> | undefined {
  const { attributes, className } = found;
  const isConfigurationClass = className !== undefined && className.endsWith("LongformerConfig");
  if (!definingKeys.every((key) => attributes.get(key) !== undefined)) return undefined;
  const type = attributes.get("model_type");
  // The original implementation's configuration is a RoBERTa's with more keys (allenai/longformer, longformer/longformer.py).
  const isOriginal = type === "roberta" && attributes.get("attention_dilation") !== undefined;
  if (!isConfigurationClass && !isOriginal && type !== undefined && type !== "longformer") return undefined;
  const budget = { left: maximumValues };
  const entries: [string, unknown][] = [];
  for (const [key, value] of attributes.entries) {
    if (typeof key !== "string" || key.startsWith("_") || runtimeKeys.has(key)) continue;
    const plain = plainJson(value, budget, 0);
    if (plain !== undefined) entries.push([key, plain]);
  }
  if (budget.left < 0) return undefined;
  // The class knows its model_type; objects of it do not repeat that.
  if (isConfigurationClass && type === undefined) entries.push(["model_type", "longformer"]);
  return Object.fromEntries(entries);
}

/** The head an `architectures` list names, when it names exactly one Longformer. */
export function headOfWords(architectures: unknown): Head | undefined {
  if (!Array.isArray(architectures) || architectures.length !== 1) return undefined;
  const name: unknown = architectures[0];
  return typeof name === "string" ? headOfArchitecture(name) : undefined;
}

/** As Python's `json.dumps` would write it; undefined for what JSON cannot say. Objects get own properties only. */
export function plainJson(value: TreeValue, budget: { left: number } = { left: maximumValues }, depth = 0): unknown {
  budget.left -= 1;
  if (budget.left < 0 || depth > maximumDepth) return undefined;
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  if (value.kind === "tensor" || value.kind === "opaque" || value.kind === "set") return undefined;
  if (value.kind === "map") {
    const entries: [string, unknown][] = [];
    for (const [key, item] of value.entries) {
      if (typeof key !== "string" && typeof key !== "number" && typeof key !== "bigint") continue;
      const plain = plainJson(item, budget, depth + 1);
      if (plain !== undefined) entries.push([String(key), plain]);
    }
    return Object.fromEntries(entries);
  }
  const items: unknown[] = [];
  for (const item of value.items) {
    const plain = plainJson(item, budget, depth + 1);
    // A list with a hole would shift what stands behind it.
    if (plain === undefined) return undefined;
    items.push(plain);
  }
  return items;
}
