import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import { formOf, itemsOf, type AttentionItems } from "./attention-plan.ts";
import { foldedElements, foldedTokens, foldFields, foldQueriesKernel } from "./fold-queries.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { planSplits } from "./plan-splits.ts";
import { projectedElements, projectedTokens, projectFields, projectRowsKernel } from "./project-rows.ts";
import { packFields } from "./uniforms.ts";

/** The global tokens' rows of the context, without the keys and values of all tokens. */
export function planReassociated(part: AttentionItems, splits: GlobalSplits): readonly Dispatch[] {
  const { context, inputs, outputs, sequence, hidden, heads, headSize, slots, tokens, tokensStride, items } = part;
  const shared = context.facts.kind === "gpu";
  const float32 = { storage: "float32", aligned: hidden % 4 === 0 } as const;
  const states = formOf(inputs.hidden, hidden);
  const sizes = { hidden, vectors: Math.ceil(hidden / 4), headSize, slots, tokensStride, firstItem: items.first };
  const project = (
    purpose: "query" | "value",
    weight: DeviceTensor,
    bias: DeviceTensor,
  ): Pick<Dispatch, "kernel" | "uniforms" | "workgroups" | "work"> => ({
    kernel: projectRowsKernel({
      purpose,
      forms: {
        weight: formOf(weight, hidden),
        x: purpose === "query" ? states : float32,
        out: purpose === "query" ? float32 : formOf(outputs.context, hidden),
      },
      shared,
    }),
    uniforms: packFields(projectFields, { ...sizes, sequence }),
    workgroups: [Math.ceil(hidden / projectedElements(shared)), Math.ceil(slots / projectedTokens), items.count],
    work: {
      floatingPointOperations: 2 * items.count * slots * hidden * hidden,
      bytes: weight.byteLength + bias.byteLength + 4 * items.count * slots * hidden * (purpose === "query" ? 2 : heads + 1),
    },
  });
  const query = part.scratch("global queries", slots * hidden);
  const folded = part.scratch("folded queries", slots * heads * hidden);
  const mixed = planSplits(part, splits, { query: folded, key: inputs.hidden, value: inputs.hidden });
  const [tokenList, hiddenStates] = [{ tensor: tokens }, itemsOf(part, inputs.hidden)];
  return [
    {
      ...project("query", inputs.queryGlobalWeight, inputs.queryGlobalBias),
      operands: [{ tensor: inputs.queryGlobalWeight }, { tensor: inputs.queryGlobalBias }, hiddenStates, tokenList, { tensor: query }],
    },
    {
      kernel: foldQueriesKernel(formOf(inputs.keyGlobalWeight, hidden), shared),
      uniforms: packFields(foldFields, { ...sizes, heads }),
      operands: [{ tensor: query }, { tensor: inputs.keyGlobalWeight }, tokenList, { tensor: folded }],
      workgroups: [Math.ceil(hidden / foldedElements(shared)), heads * Math.ceil(slots / foldedTokens), items.count],
      work: {
        floatingPointOperations: 2 * items.count * slots * hidden * hidden,
        bytes: inputs.keyGlobalWeight.byteLength + 4 * items.count * slots * hidden * (heads + 1),
      },
    },
    ...mixed.dispatches,
    {
      ...project("value", inputs.valueGlobalWeight, inputs.valueGlobalBias),
      operands: [
        { tensor: inputs.valueGlobalWeight },
        { tensor: inputs.valueGlobalBias },
        { tensor: mixed.out },
        tokenList,
        itemsOf(part, outputs.context),
      ],
    },
  ];
}
