// The attention probabilities of global tokens, from the highest scores and the sums that `global-task.ts` kept of each split:
//
//     out[item, head, j, c] = exp(scale · query[c, head] · key[j, head] - top) / Σ_s exp(top[s] - top) sum[s],   top = max_s top[s]
//
// for the c-th global token of the item and every token j that is not masked; 0 elsewhere.
// Shapes: query `[items, slots, heads, length]`; key `[items, sequence, hidden]` (direct: the global keys, of which each head has `length`
// elements; re-associated: the hidden states, of which each head sees all); codes `[batch, sequence]`; tokens `[batch, tokensStride]`;
// statistics `[items, splits, slots, heads, 2]`; out: of `[items, heads, sequence, globals]` the heads from `firstHead` on.
// Grid: [⌈globals / 64⌉, sequence (or as many as there may be; the rest in turns), heads].
// Layout: transformers' `global_attentions` of LongformerModel.
import { attentionTokens } from "./attention-tokens.ts";
import { globalProbabilityFields } from "./probability-fields.ts";
import { probabilitiesKernelCode, type ProbabilitiesShader, scoreOfVectors } from "./probabilities-kernel.ts";

export function globalProbabilitiesKernelCode(length: number, forms: ProbabilitiesShader["forms"]): string {
  return probabilitiesKernelCode({
    fields: globalProbabilityFields,
    lengthName: "vectorLength",
    length,
    forms,
    body: `let place = group.x * 64u + lane.x;
  if (place >= sizes.globals) { return; }
  let item = (sizes.firstHead + group.z) / sizes.heads;
  let head = (sizes.firstHead + group.z) % sizes.heads;
  let batchItem = sizes.firstItem + item;
  let isGlobal = place < u32(tokens[batchItem * sizes.tokensStride + ${attentionTokens.globals}u]);
  let rowsOfSplit = sizes.slots * sizes.heads;
  let row = place * sizes.heads + head;
  var top = 0.0;
  var sum = 0.0;
  if (isGlobal) {
    let first = item * sizes.splits * rowsOfSplit + row;
    top = statistics[first].x;
    for (var split = 1u; split < sizes.splits; split++) { top = max(top, statistics[first + split * rowsOfSplit].x); }
    for (var split = 0u; split < sizes.splits; split++) {
      let found = statistics[first + split * rowsOfSplit];
      sum += exp(found.x - top) * found.y;
    }
  }
  let queryStart = (item * rowsOfSplit + row) * vectorLength;
  for (var token = group.y; token < sizes.sequence; token += groups.y) {
    var probability = 0.0;
    if (isGlobal && codes[batchItem * sizes.sequence + token] != 0) {
      let keyStart = (item * sizes.sequence + token) * sizes.hidden + head * sizes.headStride;
      ${scoreOfVectors}
      probability = exp(score - top) / sum;
    }
    out[sizes.outStart + (group.z * sizes.sequence + token) * sizes.globals + place] = probability;
  }`,
  });
}
