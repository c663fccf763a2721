import type { DeviceTensor, Dispatch, Kernel } from "../../kernel/kernel.ts";
import { bufferAccess, packFields } from "../parts/bindings.ts";
import { formOf, itemsOf, maxHeadSize, type AttentionItems, type GlobalAttention } from "./attention-plan.ts";
import { foldedColumns, globalQueriesKernel, globalQueryFields, queryTokens } from "./global-queries.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { globalValueFields, globalValuesKernel, valueTokens } from "./global-values.ts";
import { planAttention } from "./plan-attention.ts";
import { planJoint } from "./plan-joint.ts";
import { planProducts, productTilings, type ProductTilings } from "./plan-products.ts";
import { planCombineGlobals, planGlobalProbabilities } from "./plan-splits.ts";
import { foldedElements, foldedTokens, foldFields, projectedElements, projectedTokens, projectFields } from "./processor-fields.ts";
import { cutByEights, rowCutFor, type RowKernelOptions } from "./row-slices.ts";
import type { RowForm } from "./vectors.ts";

/** The global tokens' rows of the context, without the keys and values of all tokens. */
export function planReassociated(part: AttentionItems, splits: GlobalSplits): readonly Dispatch[] {
  const { context, inputs, hidden, heads } = part;
  const tilings = context.facts.kind === "gpu" ? productTilings(part, splits) : undefined;
  const halves = splits.joint !== undefined || tilings?.scoring.kind === "matrix";
  const query = part.scratch("folded queries", splits.slots * heads * hidden, halves ? "float16" : "float32");
  const attention = { query, key: inputs.hidden, value: inputs.hidden };
  const dispatches = tilings === undefined ? onProcessor(part, splits, attention) : onGpu(part, splits, attention, tilings);
  return [...dispatches, ...planGlobalProbabilities(part, splits, attention)];
}

/** As few dispatches as may be: each of the small ones takes as long to start as it works. */
function onGpu(part: AttentionItems, found: GlobalSplits, attention: GlobalAttention, products: ProductTilings): readonly Dispatch[] {
  const { context, inputs, outputs, sequence, hidden, heads, headSize, slots, tokens, tokensStride, items, tilings } = part;
  const { queryGlobalWeight, queryGlobalBias, keyGlobalWeight, valueGlobalWeight, valueGlobalBias } = inputs;
  const common = {
    sequence,
    hidden,
    vectors: Math.ceil(hidden / 4),
    heads,
    headSize,
    slots: found.slots,
    tokensStride,
    firstItem: items.first,
  };
  const product = 2 * items.count * slots * hidden * hidden;
  const cutOf = (weight: DeviceTensor): RowKernelOptions => {
    const cut = tilings.globalRows ?? rowCutFor(context.facts, weight.storage);
    const byEights = cutByEights(cut, formOf(weight, hidden), hidden);
    return { maxHeadSize, cut, byEights, memoryBytes: context.facts.limits.maxComputeWorkgroupStorageSize };
  };
  const queries: Dispatch = {
    kernel: globalQueriesKernel(
      { weight: formOf(keyGlobalWeight, hidden), hidden: formOf(inputs.hidden, hidden), folded: formOf(attention.query, hidden) },
      cutOf(keyGlobalWeight),
    ),
    uniforms: packFields(globalQueryFields, common),
    operands: [
      { tensor: queryGlobalWeight },
      { tensor: queryGlobalBias },
      { tensor: keyGlobalWeight },
      itemsOf(part, inputs.hidden),
      { tensor: tokens },
      { tensor: attention.query },
    ],
    workgroups: [Math.ceil(hidden / foldedColumns), heads * Math.ceil(slots / queryTokens), items.count],
    work: {
      floatingPointOperations: 2 * product,
      bytes: queryGlobalWeight.byteLength + keyGlobalWeight.byteLength + 4 * items.count * slots * hidden * (heads + 1),
    },
  };
  const values: Dispatch = {
    kernel: globalValuesKernel(
      { weight: formOf(valueGlobalWeight, hidden), out: formOf(outputs.context, headSize) },
      cutOf(valueGlobalWeight),
    ),
    uniforms: packFields(globalValueFields, { ...common, splits: found.splits }),
    operands: [
      { tensor: part.scratch("global partial sums", found.partialElements) },
      { tensor: part.scratch("global statistics", found.statisticsElements) },
      { tensor: valueGlobalWeight },
      { tensor: valueGlobalBias },
      { tensor: tokens },
      itemsOf(part, outputs.context),
    ],
    workgroups: [1, heads * Math.ceil(slots / valueTokens), items.count],
    work: {
      floatingPointOperations: product + 2 * items.count * found.partialElements,
      bytes: valueGlobalWeight.byteLength + 4 * items.count * (found.partialElements + slots * hidden),
    },
  };
  const between =
    found.joint === undefined ? planProducts(part, found, attention, products) : [planJoint(part, found, attention, found.joint)];
  return [queries, ...between, values];
}

/** On a software adapter, where barriers cost more than dispatches. */
function onProcessor(part: AttentionItems, found: GlobalSplits, attention: GlobalAttention): readonly Dispatch[] {
  const { inputs, outputs, sequence, hidden, heads, headSize, slots, tokens, tokensStride, items } = part;
  const float32 = { storage: "float32", aligned: hidden % 4 === 0 } as const;
  const { queryGlobalWeight, queryGlobalBias, keyGlobalWeight, valueGlobalWeight, valueGlobalBias } = inputs;
  const sizes = { hidden, vectors: Math.ceil(hidden / 4), headSize, slots, tokensStride, firstItem: items.first };
  const product = 2 * items.count * slots * hidden * hidden;
  const project = {
    uniforms: packFields(projectFields, { ...sizes, sequence }),
    workgroups: [Math.ceil(hidden / projectedElements), Math.ceil(slots / projectedTokens), items.count],
  } as const;
  const query = part.scratch("global queries", slots * hidden);
  const mixed = part.scratch("mixed hidden states", slots * heads * hidden);
  const [tokenList, hiddenStates] = [{ tensor: tokens }, itemsOf(part, inputs.hidden)];
  return [
    {
      ...project,
      kernel: projectRows("query", { weight: formOf(queryGlobalWeight, hidden), x: formOf(inputs.hidden, hidden) }),
      operands: [{ tensor: queryGlobalWeight }, { tensor: queryGlobalBias }, hiddenStates, tokenList, { tensor: query }],
      work: { floatingPointOperations: product, bytes: queryGlobalWeight.byteLength + 8 * items.count * slots * hidden },
    },
    {
      kernel: foldQueries(formOf(keyGlobalWeight, hidden)),
      uniforms: packFields(foldFields, { ...sizes, heads }),
      operands: [{ tensor: query }, { tensor: keyGlobalWeight }, tokenList, { tensor: attention.query }],
      workgroups: [Math.ceil(hidden / foldedElements), heads * Math.ceil(slots / foldedTokens), items.count],
      work: { floatingPointOperations: product, bytes: keyGlobalWeight.byteLength + 4 * items.count * slots * hidden * (heads + 1) },
    },
    ...planAttention(part, found, attention),
    planCombineGlobals(part, found, mixed),
    {
      ...project,
      kernel: projectRows("value", { weight: formOf(valueGlobalWeight, hidden), x: float32 }),
      operands: [{ tensor: valueGlobalWeight }, { tensor: valueGlobalBias }, { tensor: mixed }, tokenList, itemsOf(part, outputs.context)],
      work: { floatingPointOperations: product, bytes: valueGlobalWeight.byteLength + 4 * items.count * slots * hidden * (heads + 1) },
    },
  ];
}

function projectRows(purpose: "query" | "value", forms: Readonly<Record<"weight" | "x", RowForm>>): Kernel {
  return {
    name: `project-rows-${purpose}`,
    access: bufferAccess(4, 1),
    code: async () => (await import("../for-software-adapters.ts")).projectRowsKernelCode(purpose, forms),
  };
}

function foldQueries(weight: RowForm): Kernel {
  return {
    name: "fold-queries",
    access: bufferAccess(3, 1),
    code: async () => (await import("../for-software-adapters.ts")).foldQueriesKernelCode(weight),
  };
}
