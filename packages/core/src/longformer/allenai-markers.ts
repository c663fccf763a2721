/** Attention modes of allenai's own code (`longformer/longformer.py`); Hugging Face's configs say "longformer" or nothing. */
const originalModes: ReadonlySet<unknown> = /*#__PURE__*/ new Set(["tvm", "sliding_chunks", "sliding_chunks_no_overlap", "n2"]);

/** The keys by which a configuration is allenai's own, which Hugging Face never writes: `attention_dilation`, `autoregressive`, or one of allenai's attention modes. */
export function allenaiMarkers(config: Readonly<Record<string, unknown>>): readonly string[] {
  const markers = ["attention_dilation", "autoregressive"].filter((key) => config[key] !== undefined);
  return originalModes.has(config.attention_mode) ? [...markers, "attention_mode"] : markers;
}
