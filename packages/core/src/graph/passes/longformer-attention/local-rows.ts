import { addDimensions, subtractDimensions, type Dimension } from "../../dimension.ts";
import type { GraphBuilder } from "../../graph-builder.ts";
import { bandMask } from "../../operations/band-mask.ts";
import type { Value } from "../../value.ts";
import { atGlobals, byHeads, isLocal, scaled, type AttentionScope } from "./attention-scope.ts";
import { lowest } from "./expressions.ts";

export interface LocalRows {
  /** `[batch, sequence, hidden]`, of all rows as if they were local; 0 where masked. */
  readonly context: Value;
  /** `[batch, heads, blocks, side, 3 · side]`. */
  readonly windowProbabilities: Value;
  /** `[batch, heads, rows, slots]`. */
  readonly globalProbabilities: Value;
}

/** Each block of queries against its window of three blocks of keys, and against the global tokens. */
export function localRows(
  builder: GraphBuilder,
  scope: AttentionScope,
  { query, key, value }: { readonly query: Value; readonly key: Value; readonly value: Value },
): LocalRows {
  const { express, sizes } = scope;
  const { batch, sequence, hidden, heads, headSize, side, blocks, rows, slots } = sizes;
  const queries = scaled(
    scope,
    express.permuted(express.reshaped(filled(scope, query, 0, 0), [batch, rows, heads, headSize]), [0, 2, 1, 3]),
  );
  const queryBlocks = express.reshaped(queries, [batch, heads, blocks, side, headSize]);
  const keyWindows = windows(scope, express.permuted(neighbours(scope, key), [0, 3, 1, 4, 2]), 2, 4);
  const valueWindows = windows(scope, express.permuted(neighbours(scope, value), [0, 3, 1, 2, 4]), 2, 3);
  const windowScores = express.plus(express.product(queryBlocks, keyWindows), windowBias(builder, scope));

  const globalKeys = express.permuted(byHeads(scope, atGlobals(scope, key)), [0, 2, 3, 1]);
  const globalValues = express.permuted(byHeads(scope, atGlobals(scope, value)), [0, 2, 1, 3]);
  const foundBias = express.reshaped(express.either(scope.found, 0, lowest), [batch, 1, 1, slots]);
  const allGlobalScores = express.plus(express.product(queries, globalKeys), foundBias);
  const globalScores = express.reshaped(allGlobalScores, [batch, heads, blocks, side, slots]);

  const probabilities = express.softmax(express.joined([windowScores, globalScores], 4));
  const windowProbabilities = express.cut(probabilities, 4, 0, 3 * side);
  const besides = express.cut(probabilities, 4, 3 * side, addDimensions(3 * side, slots));
  const globalProbabilities = express.reshaped(besides, [batch, heads, rows, slots]);
  const fromWindow = express.reshaped(express.product(windowProbabilities, valueWindows), [batch, heads, rows, headSize]);
  const context = express.plus(fromWindow, express.product(globalProbabilities, globalValues));
  const joined = express.reshaped(express.permuted(context, [0, 2, 1, 3]), [batch, rows, hidden]);
  const masked = express.reshaped(scope.masked, [batch, sequence, 1]);
  return {
    context: express.chosen(masked, express.number(0), express.cut(joined, 1, 0, sequence)),
    windowProbabilities,
    globalProbabilities,
  };
}

/** What is added to the scores of windows: 0 where the key is a local token within reach, `[batch, 1, blocks, side, 3 · side]`. */
function windowBias(builder: GraphBuilder, scope: AttentionScope): Value {
  const { express, sizes, mask } = scope;
  const { batch, blocks, side } = sizes;
  const codes = express.reshaped(filled(scope, mask, side, side), [batch, addDimensions(blocks, 2), side]);
  const local = express.reshaped(isLocal(scope, windows(scope, codes, 1, 2)), [batch, blocks, 1, 3 * side]);
  const withinReach = builder.apply(bandMask, [], { rows: side, columns: 3 * side, lower: 0, upper: 2 * side });
  const bias = express.chosen(withinReach, express.either(local, 0, lowest), express.number(lowest));
  return express.reshaped(bias, [batch, 1, blocks, side, 3 * side]);
}

/** `[batch, blocks + 2, side, heads, headSize]`: with a block of padding before and behind. */
function neighbours(scope: AttentionScope, x: Value): Value {
  const { batch, blocks, side, heads, headSize } = scope.sizes;
  return scope.express.reshaped(filled(scope, x, side, side), [batch, addDimensions(blocks, 2), side, heads, headSize]);
}

/** Each block and its two neighbours side by side: of blocks + 2 blocks, blocks windows. */
function windows({ express, sizes }: AttentionScope, x: Value, blockAxis: number, withinAxis: number): Value {
  const shifted = [0, 1, 2].map((shift) => express.cut(x, blockAxis, shift, addDimensions(sizes.blocks, shift)));
  return express.joined(shifted, withinAxis);
}

/** Fills the last block with zeros, and adds `before` and `behind` rows of them. */
function filled({ express, sizes }: AttentionScope, x: Value, before: number, behind: number): Value {
  const after: Dimension = addDimensions(subtractDimensions(sizes.rows, sizes.sequence), behind);
  return express.padded(x, 1, before, after);
}
