import { dimensionSymbols } from "../dimension.ts";
import { graphValues, type Graph } from "../graph.ts";
import { type AttentionOperand, longformerAttention } from "../operations/longformer-attention.ts";
import type { Value } from "../value.ts";
import { attentionScope } from "./longformer-attention/attention-scope.ts";
import { globalRows } from "./longformer-attention/global-rows.ts";
import { localRows } from "./longformer-attention/local-rows.ts";
import { attentions, globalAttentions, mergeRows } from "./longformer-attention/merge-rows.ts";
import type { Pass } from "./pass.ts";
import { anyNodeOf } from "./pattern.ts";
import { rewritePass } from "./rewrite.ts";

/** How `lowerLongformerAttention` writes attention. */
export interface LowerLongformerAttentionOptions {
  /**
   * How global tokens meet the global key and value projections. Both give the same numbers but for rounding.
   * `reassociated` (default): `q · (W_k x_j + b_k)` is `(W_kᵀ q) · x_j` plus a constant that softmax ignores, and the probabilities sum to
   * one, so that `Σ p_j (W_v x_j + b_v) = W_v Σ p_j x_j + b_v`: the projections of all tokens are never formed. Cheaper up to about as
   * many global tokens as a head has elements. `direct`: the projections of all tokens are formed, as they are written.
   */
  readonly globalProjections?: "reassociated" | "direct";
}

/**
 * `longformerAttention` in basic operations, for runtimes that lack it: window by window, so linear in the sequence length, with the
 * same result but for rounding, for any length and any number of global tokens. Queries are taken in blocks of w = window / 2; a block
 * sees its own keys and the w before and behind it, a window of 3w. All global tokens of a row come as more columns beside the window's,
 * and the rows of global tokens are computed apart and written over.
 */
export function lowerLongformerAttention({ globalProjections = "reassociated" }: LowerLongformerAttentionOptions = {}): Pass {
  return rewritePass("lower-longformer-attention", (graph) => {
    const nameOfSlots = placeNames(graph);
    return [
      {
        pattern: anyNodeOf(longformerAttention),
        rewrite(builder, { root, values }) {
          const operands = Object.fromEntries(values) as Readonly<Record<AttentionOperand, Value>>;
          const { hidden, mask } = operands;
          const { heads, window, globals } = root.attributes;
          const sizes = { heads: Number(heads), side: Number(window) / 2 };
          const scope =
            typeof globals === "string"
              ? attentionScope(builder, { hidden, mask, ...sizes, slots: globals, minSlots: 0 })
              : attentionScope(builder, { hidden, mask, ...sizes, slots: nameOfSlots(mask.name), minSlots: 1 });
          const local = localRows(builder, scope, operands);
          const global = globalRows(scope, operands, globalProjections);
          const context = mergeRows(builder, scope, local.context, global.context);
          return typeof globals === "string"
            ? [context, attentions(scope, local), globalAttentions(scope, global.probabilities)]
            : [context];
        },
      },
    ];
  });
}

/** A name for the number of global tokens' slots, one for each mask, that the graph does not use yet. */
function placeNames(graph: Graph): (mask: string) => string {
  const taken = new Set([...graphValues(graph).values()].flatMap((value) => value.shape.flatMap(dimensionSymbols)));
  const names = new Map<string, string>();
  return (mask) => {
    let name = names.get(mask);
    for (let count = 1; name === undefined; count++) {
      const candidate = count === 1 ? "global_slots" : `global_slots_${count}`;
      if (!taken.has(candidate)) name = candidate;
    }
    taken.add(name);
    names.set(mask, name);
    return name;
  };
}
