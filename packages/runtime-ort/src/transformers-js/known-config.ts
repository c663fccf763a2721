import { bytesSource, headRecord, type Sidecar, stringifyJson, type TargetRequest } from "@longspan/core/adapter";
import type { TransformersJsType } from "./model-files.ts";

/** The configuration that the model truly has, beside the one that other programs read. */
export const trueConfigName = "config.longformer.json";

export interface KnownConfigOptions {
  readonly type: TransformersJsType;
  /** Whether the weights lie in a file of their own. */
  readonly externalData: boolean;
}

/**
 * config.json as these programs can use it: they choose their code by `model_type`, and none of them knows a Longformer. A RoBERTa has the same inputs (now that
 * the graph marks its global tokens), outputs and tokenizer. `transformers.js_config` says which file is meant where the caller does not.
 */
export function knownConfig(
  { spec, config }: TargetRequest,
  { type, externalData }: KnownConfigOptions,
): Readonly<Record<string, unknown>> {
  const { architecture } = headRecord(spec.head);
  return {
    ...config,
    model_type: "roberta",
    architectures: [architecture.replace("Longformer", "Roberta")],
    "transformers.js_config": { dtype: type, ...(externalData ? { use_external_data_format: true } : {}) },
  };
}

export function trueConfig({ config }: TargetRequest): Sidecar {
  const text = `${stringifyJson(config, { indent: 2 })}\n`;
  return { fileName: trueConfigName, source: bytesSource(new TextEncoder().encode(text), trueConfigName) };
}
