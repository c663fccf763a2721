import type { LongformerConfig } from "@longspan/core";
import { buildGraph, type Graph, longformerTrunk, maskedLanguageModelLogits, operations } from "@longspan/core/graph";

/**
 * The masked-language model at chosen places only: input `mask_positions` int32 `[batch, masks]`, output `logits` `[batch, masks,
 * vocabulary]`. Scores of all of 4096 tokens would be 800 MB of a vocabulary of 50,000.
 */
export function fillMaskGraph(config: LongformerConfig): Graph {
  return buildGraph("longformer masked-lm at masks", (builder) => {
    const { lastHiddenState } = longformerTrunk(builder, config);
    const positions = builder.input("mask_positions", "int32", ["batch", "masks"]);
    const chosen = builder.apply(operations.gatherRows, [lastHiddenState, positions], {}, "masks");
    builder.output("logits", maskedLanguageModelLogits(builder, config, chosen));
  });
}
