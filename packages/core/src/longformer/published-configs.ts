/**
 * The configurations of the two published models, `allenai/longformer-base-4096` and `-large-4096`, as their config.json say
 * (the class's own defaults differ: see `classDefaults`).
 */
export const publishedConfigs: Readonly<Record<"longformer-base-4096" | "longformer-large-4096", Readonly<Record<string, unknown>>>> = {
  "longformer-base-4096": /*#__PURE__*/ published({ hidden: 768, layers: 12, heads: 12, intermediate: 3072 }),
  "longformer-large-4096": /*#__PURE__*/ published({ hidden: 1024, layers: 24, heads: 16, intermediate: 4096 }),
};

function published(size: { hidden: number; layers: number; heads: number; intermediate: number }): Readonly<Record<string, unknown>> {
  return {
    attention_mode: "longformer",
    attention_probs_dropout_prob: 0.1,
    attention_window: Array.from({ length: size.layers }, () => 512),
    bos_token_id: 0,
    eos_token_id: 2,
    gradient_checkpointing: false,
    hidden_act: "gelu",
    hidden_dropout_prob: 0.1,
    hidden_size: size.hidden,
    ignore_attention_mask: false,
    initializer_range: 0.02,
    intermediate_size: size.intermediate,
    layer_norm_eps: 1e-5,
    max_position_embeddings: 4098,
    model_type: "longformer",
    num_attention_heads: size.heads,
    num_hidden_layers: size.layers,
    pad_token_id: 1,
    sep_token_id: 2,
    type_vocab_size: 1,
    vocab_size: 50265,
  };
}
