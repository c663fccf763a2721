import { elementCount } from "@longspan/core";
import type { DeviceTensor, Dispatch } from "../../kernel/kernel.ts";
import type { OperationKernels, SizedNode } from "../../kernel/operation-kernels.ts";
import { packFields } from "../parts/bindings.ts";
import { formOf, itemsOf, type AttentionItems, type SizedAttention } from "./attention-plan.ts";
import { gatherFields, gatherGlobalRowsKernel } from "./gather-global-rows.ts";
import type { GlobalSplits } from "./global-splits.ts";
import { planAttention } from "./plan-attention.ts";
import { planCombineGlobals, planGlobalProbabilities } from "./plan-splits.ts";

/** The global keys and values of all tokens, `[batch, sequence, hidden]` each, and what computes them. */
export interface GlobalProjections {
  readonly key: DeviceTensor;
  readonly value: DeviceTensor;
  readonly dispatches: readonly Dispatch[];
}

/** For the direct form. `linear` are the kernels of the operation `linear`. */
export function planGlobalProjections({ node, context, inputs }: SizedAttention, linear: OperationKernels): GlobalProjections {
  const { shape } = inputs.hidden;
  const storage = inputs.hidden.storage;
  const scratch = (): DeviceTensor => ({ ...context.scratch(storage, elementCount(shape)), shape });
  const [key, value] = [scratch(), scratch()];
  const { hidden, keyGlobalWeight, keyGlobalBias, valueGlobalWeight, valueGlobalBias } = inputs;
  const name = `${node.name} global projections`;
  return {
    key,
    value,
    dispatches: [
      ...linear.plan({ name, ...linearNode([hidden, keyGlobalWeight, keyGlobalBias], key) }, context),
      ...linear.plan({ name, ...linearNode([hidden, valueGlobalWeight, valueGlobalBias], value) }, context),
    ],
  };
}

function linearNode(inputs: readonly DeviceTensor[], out: DeviceTensor): Omit<SizedNode, "name"> {
  return { operation: "linear", attributes: {}, inputs, outputs: [out] };
}

/** The global tokens' rows of the context through their keys and values. */
export function planDirect(
  part: AttentionItems,
  splits: GlobalSplits,
  { key, value }: Pick<GlobalProjections, "key" | "value">,
  linear: OperationKernels,
): readonly Dispatch[] {
  const { node, context, inputs, sequence, hidden, slots, tokens, tokensStride, items } = part;
  const shape = [items.count, slots, hidden];
  const rows = { ...part.scratch("global rows", slots * hidden), shape };
  const query = { ...part.scratch("global queries", slots * hidden), shape };
  const gather: Dispatch = {
    kernel: gatherGlobalRowsKernel(formOf(inputs.hidden, hidden)),
    uniforms: packFields(gatherFields, { sequence, hidden, slots, tokensStride, firstItem: items.first }),
    operands: [itemsOf(part, inputs.hidden), { tensor: tokens }, { tensor: rows }],
    workgroups: [Math.ceil(hidden / 256), Math.min(slots, context.facts.limits.maxComputeWorkgroupsPerDimension), items.count],
    work: { floatingPointOperations: 0, bytes: 8 * items.count * slots * hidden },
  };
  const { queryGlobalWeight, queryGlobalBias } = inputs;
  const projection = linearNode([rows, queryGlobalWeight, queryGlobalBias], query);
  const project = linear.plan({ name: `${node.name} global queries`, ...projection }, context);
  const attention = { query, key, value };
  return [
    gather,
    ...project,
    ...planAttention(part, splits, attention),
    planCombineGlobals(part, splits, part.outputs.context),
    ...planGlobalProbabilities(part, splits, attention),
  ];
}
