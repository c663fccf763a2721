import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { loadedKernel, type Dispatch, type Kernel } from "../../kernel/kernel.ts";
import { formOf, itemsOf, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import { globalMixFields, globalMixKernel } from "./global-mix.ts";
import { globalScoreFields, globalScoresKernel } from "./global-scores.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { type GlobalTiling, globalTilingFor, rowsOfTile, tileColumns } from "./global-tiling.ts";
import { packFields } from "./uniforms.ts";
import type { RowForm } from "./vectors.ts";

/**
 * Heads of global tokens attend to hidden states on a GPU: two matrix products, with the scores of the global tokens between them in memory, and
 * the splits of the keys in the second one.
 */
export function planProducts(part: AttentionItems, found: GlobalSplits, { query, key }: GlobalAttention): readonly Dispatch[] {
  const { facts } = part.context;
  const { inputs, sequence, hidden, heads, scale, slots, tokens, tokensStride, items, tilings } = part;
  const { splits, splitKeys, partialElements } = found;
  const form = formOf(key, hidden);
  const rows = slots * heads;
  const keyTiles = Math.ceil(sequence / tileColumns);
  const columnTiles = Math.ceil(hidden / tileColumns);
  const halves = form.storage === "float16";
  const scoring = tilings.globalScores ?? globalTilingFor(facts, { rows, stack: keyTiles * items.count, halves });
  const mixing = tilings.globalMix ?? globalTilingFor(facts, { rows, stack: columnTiles * splits * items.count, halves });
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
      kernel: scoresKernel(scoring, form, facts),
      uniforms: packFields(globalScoreFields, { ...common, scale }),
      operands: [{ tensor: query }, states, { tensor: inputs.mask }, tokenList, scores, tops],
      workgroups: [keyTiles, Math.ceil(rows / rowsOfTile(scoring)), items.count],
      work: { floatingPointOperations: product, bytes: 4 * items.count * ((sequence + rows) * hidden + rows * sequence) },
    },
    {
      kernel: mixKernel(mixing, form, facts),
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

/** Of both products: four tensors are read, two written. */
const access: Kernel["access"] = ["read", "read", "read", "read", "write", "write"];

function scoresKernel(tiling: GlobalTiling, form: RowForm, { matrixUnits }: DeviceFacts): Kernel {
  if (tiling.kind === "tile") return globalScoresKernel(tiling, form);
  if (matrixUnits === undefined) throw new TypeError(`${tiling.name} needs matrix units`);
  return loadedKernel({ name: `global-scores-${tiling.name}`, access, narrows: true }, async () =>
    (await import("./matrix-scores.ts")).matrixScoresKernel(tiling, form, matrixUnits),
  );
}

function mixKernel(tiling: GlobalTiling, form: RowForm, { matrixUnits }: DeviceFacts): Kernel {
  if (tiling.kind === "tile") return globalMixKernel(tiling, form);
  if (matrixUnits === undefined) throw new TypeError(`${tiling.name} needs matrix units`);
  return loadedKernel({ name: `global-mix-${tiling.name}`, access }, async () =>
    (await import("./matrix-mix.ts")).matrixMixKernel(tiling, form, matrixUnits),
  );
}
