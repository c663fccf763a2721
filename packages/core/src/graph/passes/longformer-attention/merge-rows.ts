import type { GraphBuilder } from "../../graph-builder.ts";
import { scatterRows } from "../../operations/scatter-rows.ts";
import type { Value } from "../../value.ts";
import { atGlobals, isLocal, type AttentionScope } from "./attention-scope.ts";
import type { LocalRows } from "./local-rows.ts";

/** The local rows with the global ones written over them; slots without a token write back what stands there. */
export function mergeRows(builder: GraphBuilder, scope: AttentionScope, local: Value, global: Value): Value {
  const { express, sizes, indices } = scope;
  const found = express.reshaped(scope.found, [sizes.batch, sizes.slots, 1]);
  const updates = express.chosen(found, global, atGlobals(scope, local));
  return builder.apply(scatterRows, [local, indices, updates]);
}

/** The first probabilities output of `longformerAttention`: `[batch, heads, sequence, slots + window + 1]`. */
export function attentions(scope: AttentionScope, { windowProbabilities, globalProbabilities }: LocalRows): Value {
  const { express, sizes } = scope;
  const { batch, heads, blocks, side, sequence, rows } = sizes;
  // Row i of a block has its band in columns i … i + 2 · side. Rows made one element longer, in the same memory, start one column
  // further each: the bands then stand below each other.
  const flat = express.reshaped(windowProbabilities, [batch, heads, blocks, side * 3 * side]);
  const longer = express.padded(flat, 3, 0, side);
  const skewed = express.reshaped(longer, [batch, heads, blocks, side, 3 * side + 1]);
  const bands = express.reshaped(express.cut(skewed, 4, 0, 2 * side + 1), [batch, heads, rows, 2 * side + 1]);
  const all = express.cut(express.joined([globalProbabilities, bands], 3), 2, 0, sequence);
  const local = express.reshaped(isLocal(scope, scope.mask), [batch, 1, sequence, 1]);
  return express.chosen(local, all, express.number(0));
}

/** The second: `[batch, heads, sequence, slots]`, of the probabilities `[batch, heads · slots, sequence]`. */
export function globalAttentions({ express, sizes, found }: AttentionScope, probabilities: Value): Value {
  const { batch, heads, slots, sequence } = sizes;
  const byHead = express.reshaped(probabilities, [batch, heads, slots, sequence]);
  return express.chosen(express.reshaped(found, [batch, 1, 1, slots]), express.permuted(byHead, [0, 1, 3, 2]), express.number(0));
}
