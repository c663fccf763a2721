// The attention probabilities of local tokens, from the highest score and the sum that `window-task.ts` kept of each row:
//
//     out[item, head, i, c] = exp(scale · query[i] · key[j] - top[i]) / sum[i]
//
// where column c < globals is the c-th global token of the item, and column globals + c the token j = i - w + c of the window; 0 for masked
// and global rows, for tokens of the window that are not local, and where there is no such token.
// Shapes: query, key `[items, sequence, hidden]`; codes `[batch, sequence]`; tokens `[batch, tokensStride]`; statistics
// `[items, heads, sequence, 2]`; out: of `[items, heads, sequence, globals + window + 1]` the heads from `firstHead` on.
// Grid: [⌈columns / 64⌉, sequence (or as many as there may be; the rest in turns), heads].
// Layout: transformers' `attentions` of LongformerModel.
import { attentionTokens } from "./attention-tokens.ts";
import type { RowForm } from "./vectors.ts";
import { windowProbabilityFields } from "./probability-fields.ts";
import { probabilitiesKernelCode, scoreOfVectors } from "./probabilities-kernel.ts";

export function windowProbabilitiesKernelCode(headSize: number, inputs: RowForm): string {
  return probabilitiesKernelCode({
    fields: windowProbabilityFields,
    lengthName: "headSize",
    length: headSize,
    forms: { query: inputs, key: inputs },
    functions: `
/** The token of a column, or the sequence length where there is none to attend to. */
fn token_of(batchItem: u32, row: u32, column: u32) -> u32 {
  if (column < sizes.globals) {
    let list = batchItem * sizes.tokensStride;
    if (column >= u32(tokens[list + ${attentionTokens.globals}u])) { return sizes.sequence; }
    return u32(tokens[list + ${attentionTokens.positions}u + column]);
  }
  let token = row + column - sizes.globals - sizes.oneSided;
  if (token >= sizes.sequence) { return sizes.sequence; }
  return select(sizes.sequence, token, codes[batchItem * sizes.sequence + token] == 1);
}
`,
    body: `let columns = sizes.globals + 2u * sizes.oneSided + 1u;
  let column = group.x * 64u + lane.x;
  if (column >= columns) { return; }
  let heads = sizes.hidden / headSize;
  let item = (sizes.firstHead + group.z) / heads;
  let head = (sizes.firstHead + group.z) % heads;
  let batchItem = sizes.firstItem + item;
  for (var row = group.y; row < sizes.sequence; row += groups.y) {
    let token = token_of(batchItem, row, column);
    var probability = 0.0;
    if (token < sizes.sequence && codes[batchItem * sizes.sequence + row] == 1) {
      let queryStart = sizes.queryOffset + (item * sizes.sequence + row) * sizes.rowStride + head * headSize;
      let keyStart = sizes.keyOffset + (item * sizes.sequence + token) * sizes.rowStride + head * headSize;
      ${scoreOfVectors}
      let found = statistics[(item * heads + head) * sizes.sequence + row];
      probability = exp(score - found.x) / found.y;
    }
    out[sizes.outStart + (group.z * sizes.sequence + row) * columns + column] = probability;
  }`,
  });
}
