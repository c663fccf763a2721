import type { Dispatch } from "../../kernel/kernel.ts";
import { packFields } from "../parts/bindings.ts";
import { formOf, itemsOf, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { globalFields, globalTask } from "./global-task.ts";
import { attentionOfTokens, headKernel, headTilingFor, rowsOfTiling } from "./tiling.ts";

/** Global tokens attend to the splits of the keys, without scores in memory. */
export function planAttention(part: AttentionItems, found: GlobalSplits, attention: GlobalAttention): readonly Dispatch[] {
  const { context, inputs, sequence, hidden, heads, scale, slots, tokens, tokensStride, items, tilings } = part;
  const { form, splits, splitKeys, length } = found;
  const direct = form === "direct";
  const rows = direct ? slots : slots * heads;
  const forms = { keys: formOf(attention.key, length), rows: formOf(attention.query, length) };
  const extent = { length, rows, stack: heads * splits * items.count, halves: forms.keys.storage === "float16" };
  const tiling = direct ? headTilingFor(context.facts, extent, tilings.direct) : undefined;
  const task = globalTask({ length, forms, halves: tiling?.kind === "matrix" });
  const tiled =
    tiling === undefined
      ? attentionOfTokens(task, context.facts)
      : { kernel: headKernel(task, tiling, context.facts), rows: rowsOfTiling(tiling) };
  return [
    {
      kernel: tiled.kernel,
      uniforms: packFields(globalFields, {
        sequence,
        hidden,
        vectors: Math.ceil(length / 4),
        scale,
        rows,
        rowsOfToken: direct ? 1 : heads,
        heads: direct ? heads : 1,
        tokensStride,
        firstItem: items.first,
        splits,
        splitKeys,
      }),
      operands: [
        { tensor: attention.query },
        itemsOf(part, attention.key),
        itemsOf(part, attention.value),
        { tensor: inputs.mask },
        { tensor: tokens },
        { tensor: part.scratch("global partial sums", found.partialElements) },
        { tensor: part.scratch("global statistics", found.statisticsElements) },
      ],
      workgroups: [Math.ceil(rows / tiled.rows) * splits, direct ? heads : 1, items.count],
      work: {
        floatingPointOperations: 4 * items.count * slots * heads * sequence * length,
        bytes: 4 * items.count * (2 * sequence * hidden + slots * heads * length + found.partialElements),
      },
    },
  ];
}
