import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import { formOf, itemsOf, overHeads, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import { combineFields, combineSplitsKernel } from "./combine-splits.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { globalProbabilityFields } from "./probability-fields.ts";
import { bufferAccess, packFields } from "../parts/bindings.ts";

/** Joins what the splits found into the context's rows of the global tokens (direct), or what each of their heads mixed, `[items, slots, heads, hidden]`. */
export function planCombine(part: AttentionItems, found: GlobalSplits, out: DeviceTensor): Dispatch {
  const { context, sequence, heads, slots, tokens, tokensStride, items } = part;
  const { form, splits, length } = found;
  const direct = form === "direct";
  return {
    kernel: combineSplitsKernel({
      purpose: direct ? "context" : "mixed",
      byFours: length % 4 === 0,
      out: formOf(out, heads * length),
    }),
    uniforms: packFields(combineFields, { sequence, tokensStride, firstItem: items.first, splits, heads, length, slots }),
    operands: [
      { tensor: part.scratch("global partial sums", found.partialElements) },
      { tensor: part.scratch("global statistics", found.statisticsElements) },
      { tensor: tokens },
      direct ? itemsOf(part, out) : { tensor: out },
    ],
    workgroups: [Math.ceil((heads * length) / 256), Math.min(slots, context.facts.limits.maxComputeWorkgroupsPerDimension), items.count],
    work: {
      floatingPointOperations: 2 * items.count * found.partialElements,
      bytes: 4 * items.count * (found.partialElements + slots * heads * length),
    },
  };
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
