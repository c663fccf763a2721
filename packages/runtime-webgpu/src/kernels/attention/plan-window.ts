import { type Dispatch, rowLayout } from "../../kernel/kernel.ts";
import { formOf, itemsOf, overHeads, type AttentionItems } from "./attention-plan.ts";
import { headKernel, headTilingFor, rowsOfTiling } from "./tiling.ts";
import { packFields } from "./uniforms.ts";
import { windowProbabilitiesKernel, windowProbabilityFields } from "./window-probabilities.ts";
import { windowFields, windowTask } from "./window-task.ts";

/** The local and the masked tokens' rows of the context, and the probabilities where they are asked for. */
export function planWindow(part: AttentionItems): readonly Dispatch[] {
  const { context, inputs, outputs, sequence, hidden, heads, headSize, oneSided, scale, slots, tokens, tokensStride, items, tilings } =
    part;
  const [query, key, value] = [inputs.query, inputs.key, inputs.value].map(rowLayout);
  if (query === undefined || key === undefined || value === undefined) throw new TypeError("three tensors have three layouts");
  const sameRows = key.rowStride === query.rowStride && value.rowStride === query.rowStride;
  if (!sameRows || [inputs.key, inputs.value].some(({ storage }) => storage !== inputs.query.storage))
    throw new TypeError("query, key and value lie alike: each by itself, or as columns of one tensor");
  const form = formOf(inputs.query, headSize);
  const { attentions } = outputs;
  const extent = { length: headSize, rows: sequence, stack: heads * items.count, halves: form.storage === "float16" };
  const tiling = headTilingFor(context.facts, extent, tilings.window);
  const task = windowTask({
    headSize,
    forms: { inputs: form, context: formOf(outputs.context, headSize) },
    statistics: attentions !== undefined,
    halves: tiling.kind === "matrix",
  });
  const statistics = attentions === undefined ? undefined : part.scratch("window statistics", 2 * heads * sequence);
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
    uniforms: packFields(windowFields, { ...common, valueOffset: value.offset }),
    operands: [
      ...[inputs.query, inputs.key, inputs.value].map((tensor) => itemsOf(part, tensor)),
      mask,
      tokenList,
      itemsOf(part, outputs.context),
      ...(statistics === undefined ? [] : [{ tensor: statistics }]),
    ],
    workgroups: [Math.ceil(sequence / rowsOfTiling(tiling)), heads, items.count],
    work: { floatingPointOperations: 4 * items.count * hidden * pairs, bytes: 16 * items.count * sequence * hidden },
  };
  if (attentions === undefined || statistics === undefined) return [attention];

  const columns = attentions.shape[3] ?? 0;
  return [
    attention,
    ...overHeads(part, attentions, sequence * columns, ({ firstHead, count, operand, outStart }) => ({
      kernel: windowProbabilitiesKernel(headSize, form),
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
