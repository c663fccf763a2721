import { multiplyDimensions } from "../../dimension.ts";
import type { Value } from "../../value.ts";
import { atGlobals, byHeads, scaled, type AttentionScope } from "./attention-scope.ts";
import { lowest } from "./expressions.ts";

/** The weights `[hidden, hidden]` and biases `[hidden]` that only global tokens are projected with. */
export type GlobalProjections = Readonly<Record<`${"query" | "key" | "value"}Global${"Weight" | "Bias"}`, Value>>;

export interface GlobalRows {
  /** `[batch, slots, hidden]`. */
  readonly context: Value;
  /** `[batch, heads · slots, sequence]`. */
  readonly probabilities: Value;
}

/** Each global token against every token that is not masked. `form`: see `LowerLongformerAttentionOptions`. */
export function globalRows(scope: AttentionScope, projections: GlobalProjections, form: "reassociated" | "direct"): GlobalRows {
  const { queryGlobalWeight, queryGlobalBias, keyGlobalWeight, keyGlobalBias, valueGlobalWeight, valueGlobalBias } = projections;
  const { express, sizes } = scope;
  const { batch, heads, headSize, slots, hidden, sequence } = sizes;
  const project = (x: Value, weight: Value, bias: Value): Value => byHeads(scope, express.linear(x, weight, bias));
  const projected = project(atGlobals(scope, scope.hidden), queryGlobalWeight, queryGlobalBias);
  const queries = scaled(scope, express.permuted(projected, [0, 2, 1, 3]));
  const keyBiases = express.reshaped(express.either(scope.masked, lowest, 0), [batch, 1, sequence]);
  const allSlots = multiplyDimensions(heads, slots);
  const attend = (scores: Value): Value => express.softmax(express.plus(express.reshaped(scores, [batch, allSlots, sequence]), keyBiases));
  const joined = (context: Value): Value => express.reshaped(express.permuted(context, [0, 2, 1, 3]), [batch, slots, hidden]);

  if (form === "direct") {
    const keys = express.permuted(project(scope.hidden, keyGlobalWeight, keyGlobalBias), [0, 2, 3, 1]);
    const values = express.permuted(project(scope.hidden, valueGlobalWeight, valueGlobalBias), [0, 2, 1, 3]);
    const probabilities = attend(express.product(queries, keys));
    const byHead = express.reshaped(probabilities, [batch, heads, slots, sequence]);
    return { context: joined(express.product(byHead, values)), probabilities };
  }
  const keyOfHeads = express.reshaped(keyGlobalWeight, [heads, headSize, hidden]);
  const throughKeys = express.reshaped(express.product(queries, keyOfHeads), [batch, allSlots, hidden]);
  const probabilities = attend(express.product(throughKeys, express.permuted(scope.hidden, [0, 2, 1])));
  const mixed = express.reshaped(express.product(probabilities, scope.hidden), [batch, heads, slots, hidden]);
  const valueOfHeads = express.permuted(express.reshaped(valueGlobalWeight, [heads, headSize, hidden]), [0, 2, 1]);
  const throughValues = express.product(mixed, valueOfHeads);
  return { context: joined(express.plus(throughValues, express.reshaped(valueGlobalBias, [heads, 1, headSize]))), probabilities };
}
