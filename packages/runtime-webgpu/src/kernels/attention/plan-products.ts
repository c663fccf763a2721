import type { Dispatch } from "../../kernel/kernel.ts";
import { formOf, itemsOf, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import { globalMixFields, globalMixKernel } from "./global-mix.ts";
import { globalScoreFields, globalScoresKernel } from "./global-scores.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { globalTilingFor, rowsOfTile, tileColumns } from "./global-tiling.ts";
import { packFields } from "./uniforms.ts";

/**
 * Heads of global tokens attend to hidden states on a GPU: two matrix products, with the scores of the global tokens between them in memory, and
 * the splits of the keys in the second one.
 */
export function planProducts(part: AttentionItems, found: GlobalSplits, { query, key }: GlobalAttention): readonly Dispatch[] {
  const { inputs, sequence, hidden, heads, scale, slots, tokens, tokensStride, items, tilings } = part;
  const { splits, splitKeys, partialElements } = found;
  const form = formOf(key, hidden);
  const rows = slots * heads;
  const keyTiles = Math.ceil(sequence / tileColumns);
  const columnTiles = Math.ceil(hidden / tileColumns);
  const scoring = tilings.globalScores ?? globalTilingFor({ rows, stack: keyTiles * items.count });
  const mixing = tilings.globalMix ?? globalTilingFor({ rows, stack: columnTiles * splits * items.count });
  const scores = { tensor: part.scratch("global scores", found.scoreElements) };
  const tops = { tensor: part.scratch("global tops", rows * keyTiles) };
  const [states, tokenList] = [itemsOf(part, key), { tensor: tokens }];
  const common = {
    sequence,
    hidden,
    vectors: Math.ceil(hidden / 4),
    rows,
    rowsOfToken: heads,
    tokensStride,
    firstItem: items.first,
    keyTiles,
  };
  const product = 2 * items.count * rows * sequence * hidden;
  return [
    {
      kernel: globalScoresKernel(scoring, form),
      uniforms: packFields(globalScoreFields, { ...common, scale }),
      operands: [{ tensor: query }, states, { tensor: inputs.mask }, tokenList, scores, tops],
      workgroups: [keyTiles, Math.ceil(rows / rowsOfTile(scoring)), items.count],
      work: { floatingPointOperations: product, bytes: 4 * items.count * ((sequence + rows) * hidden + rows * sequence) },
    },
    {
      kernel: globalMixKernel(mixing, form),
      uniforms: packFields(globalMixFields, { ...common, splits, splitTiles: splitKeys / tileColumns }),
      operands: [
        scores,
        tops,
        states,
        tokenList,
        { tensor: part.scratch("global partial sums", partialElements) },
        { tensor: part.scratch("global statistics", found.statisticsElements) },
      ],
      workgroups: [columnTiles, Math.ceil(rows / rowsOfTile(mixing)) * splits, items.count],
      work: { floatingPointOperations: product, bytes: 4 * items.count * (sequence * hidden + rows * sequence + partialElements) },
    },
  ];
}
