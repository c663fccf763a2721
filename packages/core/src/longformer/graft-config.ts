import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import type { AttentionWindows } from "./attention-windows.ts";
import { robertaAsLongformerConfig } from "./roberta-config.ts";

type RawConfig = Readonly<Record<string, unknown>>;

/**
 * The configuration of a graft: a RoBERTa whose self-attention was replaced by Longformer's, saved under RoBERTa's class
 * (`scripts/convert_model_to_long.ipynb` of allenai/longformer, and all who followed it). There `attention_window` counts both sides, as
 * Hugging Face's does.
 * @throws LongspanError `config-missing` without windows: they cannot be seen in weights, and no class default is theirs.
 */
export function graftAsLongformerConfig(
  raw: RawConfig,
  origin: string,
  window: AttentionWindows | undefined,
): { config: RawConfig; notes: readonly string[] } {
  const windows = window ?? raw.attention_window ?? undefined;
  const type = JSON.stringify(raw.model_type);
  if (windows === undefined) {
    throw new LongspanError(
      "config-missing",
      `${origin} says model_type ${type} and no attention_window: the tensors are those of a RoBERTa that was given a Longformer's attention, but its windows cannot be seen in weights. Say them with --window (option window), as they were in training: both sides together, such as 512.`,
      { details: { modelType: raw.model_type, key: "attention_window" } },
    );
  }
  const which = `${window === undefined ? "its attention_window" : "the given windows"} ${shownValue(windows)}`;
  return {
    config: { ...robertaAsLongformerConfig(raw, origin), attention_window: windows },
    notes: [
      `${origin} says model_type ${type}, but the model has a Longformer's attention: it is taken as the Longformer that it is, with ${which}. What is written says model_type "longformer".`,
    ],
  };
}
