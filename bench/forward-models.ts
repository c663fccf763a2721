import type { LongformerConfig } from "@longspan/core";
import { parseLongformerConfig, publishedConfigs } from "@longspan/core/adapter";

/** The published sizes, and one that runs anywhere. */
export const models: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  base: publishedConfigs["longformer-base-4096"],
  large: publishedConfigs["longformer-large-4096"],
  tiny: {
    ...publishedConfigs["longformer-base-4096"],
    hidden_size: 128,
    num_attention_heads: 4,
    num_hidden_layers: 2,
    intermediate_size: 256,
    attention_window: [64, 128],
    vocab_size: 1000,
  },
};

export function modelConfig(name: string): LongformerConfig {
  const raw = models[name];
  if (raw === undefined) throw new Error(`--model is one of ${Object.keys(models).join(", ")}`);
  return parseLongformerConfig(raw).config;
}
