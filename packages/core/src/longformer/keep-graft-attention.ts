import type { LongformerConfig } from "./config.ts";
import { globalAttentionKey } from "./global-attention-policy.ts";
import { globalAttentionPolicy, headName, type AnyHead } from "./head-definition.ts";

/**
 * The configuration under which a graft (see `graftAsLongformerConfig`) goes on giving what it gave. In RoBERTa's class no token is global
 * unless the caller says so; Hugging Face's Longformer has heads that take tokens of their own. Where the head is one of these, the
 * configuration then says `longspan.globalAttention` "none", unless it already says something.
 */
export function keepGraftAttention(config: LongformerConfig, head: AnyHead): { config: LongformerConfig; notes: readonly string[] } {
  const own = config.source.longspan;
  const settings = typeof own === "object" && own !== null ? own : {};
  if ("globalAttention" in settings || globalAttentionPolicy(config, head).kind === "none") return { config, notes: [] };
  return {
    config: { ...config, source: { ...config.source, longspan: { ...settings, globalAttention: "none" } } },
    notes: [
      `In RoBERTa's class no token is global unless the caller says so (a 2 in attention_mask), and so it stays: the configuration says ${globalAttentionKey} "none". transformers' Longformer with the head "${headName(head)}" does not know that key and takes global tokens of its own; give it a global_attention_mask, of zeros for what the model gave before. If the model was trained with this head's global tokens, set ${globalAttentionKey} to "head" in its config.json.`,
    ],
  };
}
