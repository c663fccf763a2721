import { LongspanError } from "../errors/longspan-error.ts";
import { shownValue } from "../text/shown-value.ts";
import { allenaiMarkers } from "./allenai-markers.ts";

/**
 * Brings an allenai configuration to Hugging Face's meaning: `attention_window` counts one side there and both sides here, so it is
 * doubled. Only on a marker that Hugging Face never writes: `attention_dilation`, `autoregressive`, or one of allenai's attention
 * modes. The markers are taken off, so that reading the result again doubles nothing.
 * Source: allenai/longformer, docstring of LongformerConfig in longformer/longformer.py.
 * @throws LongspanError `unsupported` for dilated or autoregressive attention, which Hugging Face's model does not have.
 */
export function normaliseAllenaiConfig(
  raw: Readonly<Record<string, unknown>>,
  origin: string,
): { config: Readonly<Record<string, unknown>>; notes: readonly string[] } {
  const markers = allenaiMarkers(raw);
  if (markers.length === 0) return { config: raw, notes: [] };

  const dilations = flatNumbers(raw.attention_dilation);
  if (dilations.some((dilation) => dilation !== 1)) {
    throw new LongspanError(
      "unsupported",
      `${origin} says attention_dilation ${shownValue(raw.attention_dilation)}: Hugging Face's Longformer attends without gaps, so a dilated model cannot be converted. Only 1 is possible.`,
      { details: { attention_dilation: raw.attention_dilation } },
    );
  }
  if (raw.autoregressive === true) {
    throw new LongspanError(
      "unsupported",
      `${origin} says autoregressive true: Hugging Face's Longformer looks to both sides, so this model cannot be converted.`,
    );
  }
  if (raw.attention_mode === "sliding_chunks_no_overlap") {
    throw new LongspanError(
      "unsupported",
      `${origin} says attention_mode "sliding_chunks_no_overlap", whose chunks see each other differently from a sliding window. Set it to "sliding_chunks" if the weights were trained so.`,
    );
  }
  const { attention_dilation: _dilation, autoregressive: _autoregressive, ...rest } = raw;
  const window = raw.attention_window;
  const doubled = Array.isArray(window) ? window.map((side) => twice(side)) : twice(window);
  return {
    config: { ...rest, model_type: "longformer", attention_mode: "longformer", attention_window: doubled },
    notes: [
      `${origin} is allenai's (${markers.join(", ")}): its one-sided windows ${shownValue(window)} are ${shownValue(doubled)} in Hugging Face's counting.`,
      ...(raw.attention_mode === "n2"
        ? [`${origin} says attention_mode "n2" (every token sees every other); Hugging Face's Longformer uses the windows.`]
        : []),
    ],
  };
}

function twice(side: unknown): unknown {
  return typeof side === "number" ? side * 2 : side;
}

function flatNumbers(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.flat(2) : [value];
}
