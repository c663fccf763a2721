import { type Dispatch, rowLayout } from "../../kernel/kernel.ts";
import { bufferAccess, packFields } from "../parts/bindings.ts";
import { formOf, itemsOf, overHeads, type AttentionItems, type SizedAttention } from "./attention-plan.ts";
import { planCombine } from "./plan-splits.ts";
import { windowProbabilityFields } from "./probability-fields.ts";
import { headKernel, headTilingFor, rowsOfTiling, type HeadTiling } from "./tiling.ts";
import { splitsOfWindow, windowSplits, type WindowSplits } from "./window-splits.ts";
import { windowFields, windowTask } from "./window-task.ts";

/** How the window's work is cut, for all items of the batch; what it takes of memory for each, in elements. */
export interface WindowForm extends WindowSplits {
  readonly tiling: HeadTiling;
  /** None where keys are not split. */
  readonly partialElements: number;
  readonly statisticsElements: number;
}

export function windowForm({
  context,
  inputs,
  outputs,
  batch,
  sequence,
  hidden,
  heads,
  headSize,
  oneSided,
  slots,
  tilings,
}: SizedAttention): WindowForm {
  const { facts } = context;
  const stack = heads * batch;
  const extent = { length: headSize, rows: sequence, stack, halves: inputs.query.storage === "float16" };
  const tiling = headTilingFor(facts, extent, tilings.window);
  const rows = rowsOfTiling(tiling);
  const keys = slots + Math.min(sequence, rows + 2 * oneSided);
  const partialElements = sequence * hidden;
  // Software adapters have fewer cores than a short text has rows; probabilities come of the statistics of whole windows.
  const splittable = facts.kind === "gpu" && outputs.attentions === undefined;
  const bindable = Math.floor(facts.limits.maxStorageBufferBindingSize / (4 * partialElements));
  // Of matrix units, subgroups of one workgroup split the keys of short texts.
  const wanted = tilings.windowSplits ?? (tiling.kind === "matrix" ? 1 : splitsOfWindow(Math.ceil(sequence / rows) * stack));
  const found = windowSplits(keys, splittable ? Math.min(wanted, bindable) : 1);
  return {
    ...found,
    tiling,
    partialElements: found.splits === 1 ? 0 : found.splits * partialElements,
    statisticsElements: found.splits === 1 ? 0 : 2 * found.splits * sequence * heads,
  };
}

/** The local and the masked tokens' rows of the context, and the probabilities where they are asked for. */
export function planWindow(part: AttentionItems, cut: WindowForm): readonly Dispatch[] {
  const { context, inputs, outputs, sequence, hidden, heads, headSize, oneSided, scale, slots, tokens, tokensStride, items } = part;
  const { tiling, splits, splitKeys } = cut;
  const [query, key, value] = [rowLayout(inputs.query), rowLayout(inputs.key), rowLayout(inputs.value)];
  const sameRows = key.rowStride === query.rowStride && value.rowStride === query.rowStride;
  if (!sameRows || [inputs.key, inputs.value].some(({ storage }) => storage !== inputs.query.storage))
    throw new TypeError("query, key and value lie alike: each by itself, or as columns of one tensor");
  const form = formOf(inputs.query, headSize);
  const { attentions } = outputs;
  const isSplit = splits > 1;
  const target = isSplit ? part.scratch("window partial sums", cut.partialElements) : outputs.context;
  const task = windowTask({
    headSize,
    forms: { inputs: form, context: formOf(target, headSize) },
    statistics: attentions !== undefined,
    splits: isSplit,
    halves: tiling.kind === "matrix",
  });
  const statisticsElements = attentions === undefined ? cut.statisticsElements : 2 * heads * sequence;
  const statistics = statisticsElements === 0 ? undefined : part.scratch("window statistics", statisticsElements);
  const [mask, tokenList] = [{ tensor: inputs.mask }, { tensor: tokens }];
  const common = {
    sequence,
    hidden,
    rowStride: query.rowStride,
    queryOffset: query.offset,
    keyOffset: key.offset,
    vectors: Math.ceil(headSize / 4),
    scale,
    oneSided,
    tokensStride,
    firstItem: items.first,
  };
  const pairs = windowPairs(sequence, oneSided) + sequence * slots;
  const attention: Dispatch = {
    kernel: headKernel(task, tiling, context.facts),
    uniforms: packFields(windowFields, { ...common, valueOffset: value.offset, splits, splitKeys }),
    operands: [
      ...[inputs.query, inputs.key, inputs.value].map((tensor) => itemsOf(part, tensor)),
      mask,
      tokenList,
      isSplit ? { tensor: target } : itemsOf(part, outputs.context),
      ...(statistics === undefined ? [] : [{ tensor: statistics }]),
    ],
    workgroups: [Math.ceil(sequence / rowsOfTiling(tiling)) * splits, heads, items.count],
    work: { floatingPointOperations: 4 * items.count * hidden * pairs, bytes: 16 * items.count * sequence * hidden },
  };
  if (statistics === undefined) return [attention];
  if (attentions === undefined) {
    const found = { ...cut, purpose: "window", length: headSize, slots: sequence, tokens: inputs.mask, tokensStride: sequence } as const;
    return [attention, planCombine(part, { ...found, partial: target, statistics }, outputs.context)];
  }

  const columns = attentions.shape[3] ?? 0;
  return [
    attention,
    ...overHeads(part, attentions, sequence * columns, ({ firstHead, count, operand, outStart }) => ({
      kernel: {
        name: "window-probabilities",
        access: bufferAccess(5, 1),
        code: async () => (await import("../for-probabilities.ts")).windowProbabilitiesKernelCode(headSize, form),
      },
      uniforms: packFields(windowProbabilityFields, { ...common, globals: columns - 2 * oneSided - 1, firstHead, outStart }),
      operands: [itemsOf(part, inputs.query), itemsOf(part, inputs.key), mask, tokenList, { tensor: statistics }, operand],
      workgroups: [Math.ceil(columns / 64), Math.min(sequence, context.facts.limits.maxComputeWorkgroupsPerDimension), count],
      work: {
        floatingPointOperations: 2 * count * headSize * sequence * columns,
        bytes: 4 * count * sequence * (columns + 2 * headSize),
      },
    })),
  ];
}

/** How many (query, key) pairs lie within reach: the band of `2 oneSided + 1` columns without what lies beyond the ends. */
export function windowPairs(sequence: number, oneSided: number): number {
  const reach = Math.min(oneSided, sequence - 1);
  return sequence * (2 * reach + 1) - reach * (reach + 1);
}
