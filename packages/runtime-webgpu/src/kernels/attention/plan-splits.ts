import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import { formOf, itemsOf, overHeads, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import { combineFields, combineSplitsKernel } from "./combine-splits.ts";
import { globalProbabilitiesKernel, globalProbabilityFields } from "./global-probabilities.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { planAttention } from "./plan-attention.ts";
import { planProducts } from "./plan-products.ts";
import { packFields } from "./uniforms.ts";

/**
 * Global tokens attend: the splits, then what joins them, and the probabilities where they are asked for. The result is the context's rows
 * of the global tokens (direct), or what each of their heads mixed of the hidden states, `[items, slots, heads, hidden]` (re-associated).
 */
export function planSplits(
  part: AttentionItems,
  found: GlobalSplits,
  attention: GlobalAttention,
): { out: DeviceTensor; dispatches: readonly Dispatch[] } {
  const { context, inputs, outputs, sequence, hidden, heads, headSize, scale, slots, tokens, tokensStride, items } = part;
  const { form, splits, length } = found;
  const direct = form === "direct";
  const partials = { tensor: part.scratch("global partial sums", found.partialElements) };
  const statistics = { tensor: part.scratch("global statistics", found.statisticsElements) };
  const out = direct ? outputs.context : part.scratch("mixed hidden states", slots * heads * length);
  const [query, mask, tokenList] = [{ tensor: attention.query }, { tensor: inputs.mask }, { tensor: tokens }];
  const key = itemsOf(part, attention.key);
  const common = { sequence, tokensStride, firstItem: items.first, splits };
  const vectors = Math.ceil(length / 4);
  const maxGroups = context.facts.limits.maxComputeWorkgroupsPerDimension;
  const attend = direct || context.facts.kind === "cpu" ? planAttention(part, found, attention) : planProducts(part, found, attention);
  const dispatches: Dispatch[] = [
    ...attend,
    {
      kernel: combineSplitsKernel({
        purpose: direct ? "context" : "mixed",
        byFours: length % 4 === 0,
        out: formOf(out, heads * length),
      }),
      uniforms: packFields(combineFields, { ...common, heads, length, slots }),
      operands: [partials, statistics, tokenList, direct ? itemsOf(part, out) : { tensor: out }],
      workgroups: [Math.ceil((heads * length) / 256), Math.min(slots, maxGroups), items.count],
      work: {
        floatingPointOperations: 2 * items.count * found.partialElements,
        bytes: 4 * items.count * (found.partialElements + slots * heads * length),
      },
    },
  ];
  const { globalAttentions } = outputs;
  const globals = globalAttentions?.shape[3] ?? 0;
  if (globalAttentions === undefined || globals === 0) return { out, dispatches };
  const probabilities = overHeads(part, globalAttentions, sequence * globals, ({ firstHead, count, operand, outStart }) => ({
    kernel: globalProbabilitiesKernel(length, { query: formOf(attention.query, length), key: formOf(attention.key, length) }),
    uniforms: packFields(globalProbabilityFields, {
      ...common,
      hidden,
      vectors,
      scale,
      heads,
      headStride: direct ? headSize : 0,
      slots,
      globals,
      firstHead,
      outStart,
    }),
    operands: [query, key, mask, tokenList, statistics, operand],
    workgroups: [Math.ceil(globals / 64), Math.min(sequence, maxGroups), count],
    work: { floatingPointOperations: 2 * count * sequence * globals * length, bytes: 4 * count * sequence * (globals + length) },
  }));
  return { out, dispatches: [...dispatches, ...probabilities] };
}
