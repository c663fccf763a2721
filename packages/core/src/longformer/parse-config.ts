import { normaliseAllenaiConfig } from "./allenai-config.ts";
import type { AttentionWindows } from "./attention-windows.ts";
import { configKeys, describeType, ownConfig, readConfig, withWindows, type NormalisedConfig, type ParsedConfig } from "./config.ts";
import { graftAsLongformerConfig } from "./graft-config.ts";
import { foreignModelType, isRobertaModelType } from "./roberta-config.ts";

/** What a caller knows better than config.json. */
export interface ConfigOptions {
  /** Windows that win over the configuration's. */
  readonly window?: AttentionWindows | undefined;
}

/**
 * Reads config.json as `LongformerConfig.from_pretrained` does: missing keys, and those that are null, take the class's defaults (and are noted).
 * An allenai configuration (one-sided windows) is first brought to Hugging Face's meaning, and so is that of a RoBERTa which was
 * given a Longformer's attention.
 * @throws LongspanError `config-invalid` naming the key; `config-missing` for a RoBERTa's without windows; `not-a-longformer` for another
 * model type; `unsupported` for what a Longformer does not have; `argument-invalid` for windows given that are none.
 */
export function parseLongformerConfig(raw: unknown, origin = "config.json", { window }: ConfigOptions = {}): ParsedConfig {
  const given = configKeys(raw, origin);
  return readConfig(ownConfig(given, origin, window) ?? foreignConfig(given, origin, window), origin, window);
}

/** allenai's own folders say the type of the model they were made from, as grafts do; their markers tell them apart. */
function foreignConfig(given: Readonly<Record<string, unknown>>, origin: string, window: AttentionWindows | undefined): NormalisedConfig {
  const modelType = given.model_type ?? "longformer";
  const isRoberta = isRobertaModelType(given.model_type);
  if (modelType !== "longformer" && !isRoberta) {
    throw foreignModelType(typeof modelType === "string" ? modelType : describeType(modelType), origin);
  }
  const normalised = normaliseAllenaiConfig(given, origin);
  if (isRoberta && normalised.config === given) return { ...graftAsLongformerConfig(given, origin, window), isGraft: true };
  return withWindows(normalised, origin, window);
}
