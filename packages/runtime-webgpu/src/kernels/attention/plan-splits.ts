import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import { bufferAccess, packFields } from "../parts/bindings.ts";
import { formOf, itemsOf, overHeads, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import { combineFields, type CombineSplitsOptions, combineSplitsKernel } from "./combine-splits.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { globalProbabilityFields } from "./probability-fields.ts";

/** What splits of the keys found, and what joins them: names as in `combine-splits.ts`. */
export interface FoundSplits extends Pick<CombineSplitsOptions, "purpose"> {
  readonly partial: DeviceTensor;
  readonly statistics: DeviceTensor;
  readonly tokens: DeviceTensor;
  readonly tokensStride: number;
  readonly slots: number;
  readonly splits: number;
  readonly length: number;
  /** Of the partial sums of an item. */
  readonly partialElements: number;
}

/** Joins what splits found, for the items of a part. */
export function planCombine(part: AttentionItems, found: FoundSplits, out: DeviceTensor): Dispatch {
  const { context, sequence, heads, items } = part;
  const { purpose, partial, statistics, tokens, tokensStride, slots, splits, length, partialElements } = found;
  return {
    kernel: combineSplitsKernel({ purpose, byFours: length % 4 === 0, out: formOf(out, heads * length) }),
    uniforms: packFields(combineFields, { sequence, tokensStride, firstItem: items.first, splits, heads, length, slots }),
    operands: [{ tensor: partial }, { tensor: statistics }, { tensor: tokens }, purpose === "mixed" ? { tensor: out } : itemsOf(part, out)],
    workgroups: [Math.ceil((heads * length) / 256), Math.min(slots, context.facts.limits.maxComputeWorkgroupsPerDimension), items.count],
    work: {
      floatingPointOperations: 2 * items.count * partialElements,
      bytes: 4 * items.count * (partialElements + slots * heads * length),
    },
  };
}

/** Joins what the splits found into the context's rows of the global tokens (direct), or what each of their heads mixed, `[items, slots, heads, hidden]`. */
export function planCombineGlobals(part: AttentionItems, { form, ...found }: GlobalSplits, out: DeviceTensor): Dispatch {
  const { slots, tokens, tokensStride } = part;
  const partial = part.scratch("global partial sums", found.partialElements);
  const statistics = part.scratch("global statistics", found.statisticsElements);
  const purpose = form === "direct" ? "context" : "mixed";
  return planCombine(part, { ...found, purpose, partial, statistics, slots, tokens, tokensStride }, out);
}

/** The probabilities of global tokens, where they are asked for, from what was kept of the splits. */
export function planGlobalProbabilities(part: AttentionItems, found: GlobalSplits, attention: GlobalAttention): readonly Dispatch[] {
  const { context, inputs, outputs, sequence, hidden, heads, headSize, scale, tokens, tokensStride, items } = part;
  const { form, splits, length } = found;
  const { globalAttentions } = outputs;
  const globals = globalAttentions?.shape[3] ?? 0;
  if (globalAttentions === undefined || globals === 0) return [];
  const statistics = { tensor: part.scratch("global statistics", found.statisticsElements) };
  const maxGroups = context.facts.limits.maxComputeWorkgroupsPerDimension;
  return overHeads(part, globalAttentions, sequence * globals, ({ firstHead, count, operand, outStart }) => ({
    kernel: {
      name: "global-probabilities",
      access: bufferAccess(5, 1),
      code: async () =>
        (await import("../for-probabilities.ts")).globalProbabilitiesKernelCode(length, {
          query: formOf(attention.query, length),
          key: formOf(attention.key, length),
        }),
    },
    uniforms: packFields(globalProbabilityFields, {
      sequence,
      tokensStride,
      firstItem: items.first,
      splits,
      hidden,
      vectors: Math.ceil(length / 4),
      scale,
      heads,
      headStride: form === "direct" ? headSize : 0,
      slots: found.slots,
      globals,
      firstHead,
      outStart,
    }),
    operands: [{ tensor: attention.query }, itemsOf(part, attention.key), { tensor: inputs.mask }, { tensor: tokens }, statistics, operand],
    workgroups: [Math.ceil(globals / 64), Math.min(sequence, maxGroups), count],
    work: { floatingPointOperations: 2 * count * sequence * globals * length, bytes: 4 * count * sequence * (globals + length) },
  }));
}
