import { required } from "../../kernel/required.ts";
import type { DeviceFacts } from "../../kernel/device-facts.ts";
import type { Dispatch, Kernel } from "../../kernel/kernel.ts";
import { packFields } from "../parts/bindings.ts";
import { formOf, itemsOf, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import { globalMixFields, globalMixKernel } from "./global-mix.ts";
import { globalScoreFields, globalScoresKernel } from "./global-scores.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { type GlobalTiling, globalTilingFor, productAccess, rowsOfTile, tileColumns } from "./global-tiling.ts";
import type { RowForm } from "./vectors.ts";

/** The tilings of the two products of the re-associated form on a GPU. */
export interface ProductTilings {
  readonly scoring: GlobalTiling;
  readonly mixing: GlobalTiling;
}

export function productTilings(part: AttentionItems, { splits }: GlobalSplits): ProductTilings {
  const { context, inputs, sequence, hidden, heads, slots, items, tilings } = part;
  const common = { rows: slots * heads, halves: inputs.hidden.storage === "float16" };
  const stack = (tiles: number): number => Math.ceil(tiles / tileColumns) * items.count;
  return {
    scoring: tilings.globalScores ?? globalTilingFor(context.facts, { ...common, stack: stack(sequence) }),
    mixing: tilings.globalMix ?? globalTilingFor(context.facts, { ...common, stack: stack(hidden) * splits }),
  };
}

/**
 * Heads of global tokens attend to hidden states on a GPU: two matrix products, with the scores of the global tokens between them in memory, and
 * the splits of the keys in the second one.
 */
export function planProducts(
  part: AttentionItems,
  found: GlobalSplits,
  { query, key }: GlobalAttention,
  { scoring, mixing }: ProductTilings,
): readonly Dispatch[] {
  const { facts } = part.context;
  const { inputs, sequence, hidden, heads, scale, slots, tokens, tokensStride, items } = part;
  const { splits, splitKeys, partialElements } = found;
  const forms = { hidden: formOf(key, hidden), folded: formOf(query, hidden) };
  const rows = slots * heads;
  const keyTiles = Math.ceil(sequence / tileColumns);
  const columnTiles = Math.ceil(hidden / tileColumns);
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
      kernel: scoresKernel(scoring, forms, facts),
      uniforms: packFields(globalScoreFields, { ...common, scale }),
      operands: [{ tensor: query }, states, { tensor: inputs.mask }, tokenList, scores, tops],
      workgroups: [keyTiles, Math.ceil(rows / rowsOfTile(scoring)), items.count],
      work: { floatingPointOperations: product, bytes: 4 * items.count * ((sequence + rows) * hidden + rows * sequence) },
    },
    {
      kernel: mixKernel(mixing, forms.hidden, facts),
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

function scoresKernel(tiling: GlobalTiling, forms: Readonly<Record<"hidden" | "folded", RowForm>>, facts: DeviceFacts): Kernel {
  if (tiling.kind === "tile") return globalScoresKernel(tiling, forms.hidden);
  const units = required(facts.matrixUnits, tiling.name);
  return {
    name: `global-scores-${tiling.name}`,
    access: productAccess,
    code: async () => (await import("../for-matrix-units.ts")).matrixScoresKernelCode(tiling, forms, units),
  };
}

function mixKernel(tiling: GlobalTiling, form: RowForm, facts: DeviceFacts): Kernel {
  if (tiling.kind === "tile") return globalMixKernel(tiling, form);
  const units = required(facts.matrixUnits, tiling.name);
  return {
    name: `global-mix-${tiling.name}`,
    access: productAccess,
    code: async () => (await import("../for-matrix-units.ts")).matrixMixKernelCode(tiling, form, units),
  };
}
