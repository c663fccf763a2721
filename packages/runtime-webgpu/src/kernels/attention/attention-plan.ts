import type { DeviceFacts } from "../../kernel/device-facts.ts";
import { type DeviceTensor, type Dispatch, type Operand, rowLayout } from "../../kernel/kernel.ts";
import type { PlanContext, SizedNode } from "../../kernel/operation-kernels.ts";
import type { FloatStorage } from "../parts/float-storage.ts";
import { bindingAlignment, rowsOf, type RowRange } from "../parts/dispatching.ts";
import type { GlobalTiling } from "./global-tiling.ts";
import type { JointTiling } from "./joint-tiling.ts";
import type { RowCut } from "./row-slices.ts";
import type { RowForm } from "./vectors.ts";
import type { HeadTiling } from "./tiling.ts";

/** The inputs of `longformerAttention`, in the order of core. */
export const attentionInputs = [
  "query",
  "key",
  "value",
  "hidden",
  "mask",
  "queryGlobalWeight",
  "queryGlobalBias",
  "keyGlobalWeight",
  "keyGlobalBias",
  "valueGlobalWeight",
  "valueGlobalBias",
] as const;

/** Elements of a head, at most: rows are kept in registers and workgroup memory. */
export const maxHeadSize = 128;

/** A node of `longformerAttention` with the sizes of one run. */
export interface SizedAttention {
  readonly node: SizedNode;
  readonly context: PlanContext;
  readonly inputs: Readonly<Record<(typeof attentionInputs)[number], DeviceTensor>>;
  readonly outputs: {
    readonly context: DeviceTensor;
    /** `[batch, heads, sequence, globals + window + 1]` and `[batch, heads, sequence, globals]`, where the graph asks for them. */
    readonly attentions: DeviceTensor | undefined;
    readonly globalAttentions: DeviceTensor | undefined;
  };
  readonly batch: number;
  readonly sequence: number;
  readonly hidden: number;
  readonly heads: number;
  readonly headSize: number;
  /** Half a window. */
  readonly oneSided: number;
  /** 1 / √(head size). */
  readonly scale: number;
  /** Slots for global tokens: see `globalSlots`. */
  readonly slots: number;
  /** The list of `attention-tokens.ts`, `[batch, tokensStride]`. */
  readonly tokens: DeviceTensor;
  readonly tokensStride: number;
  readonly tilings: AttentionTilings;
}

/** What the dispatches of a node depend on, beside the device: its sizes, and how what it reads and writes lies in memory. Plain data. */
export interface AttentionShape {
  readonly batch: number;
  readonly sequence: number;
  readonly hidden: number;
  readonly heads: number;
  /** Half a window. */
  readonly oneSided: number;
  /** Slots for global tokens of an item. */
  readonly slots: number;
  /** Of query, key and value, and whether they are columns of one tensor; of the hidden states, the global projections' weights, and the context. */
  readonly queryStorage: FloatStorage;
  readonly joined: boolean;
  readonly hiddenStorage: FloatStorage;
  readonly weightStorage: FloatStorage;
  readonly contextStorage: FloatStorage;
}

/** Tilings on GPUs where others are wanted than the sizes and the device suggest: for benchmarks, and for what was measured. */
export interface AttentionTilings {
  /** How global tokens meet keys and values, where the device can bind what it takes: see `GlobalForm`. */
  readonly globalForm?: "reassociated" | "direct" | undefined;
  /** For the window, and for global tokens in the direct form: where the device can run them. */
  readonly window?: HeadTiling | undefined;
  readonly direct?: HeadTiling | undefined;
  /** Among how many workgroups the keys of a window are split, if there are enough of them. */
  readonly windowSplits?: number | undefined;
  /** For the re-associated form in one kernel; false: not in one. */
  readonly globalJoint?: JointTiling | false | undefined;
  /** For the two products of the re-associated form. */
  readonly globalScores?: GlobalTiling | undefined;
  readonly globalMix?: GlobalTiling | undefined;
  /** For the global tokens' own products in that form. */
  readonly globalRows?: RowCut | undefined;
}

/** Chooses tilings for a node. */
export type ChooseAttention = (facts: DeviceFacts, shape: AttentionShape) => AttentionTilings;

/** The part of a node's work that is bound at once: some items of the batch. */
export interface AttentionItems extends SizedAttention {
  readonly items: RowRange;
  /** Memory with so many elements for each item: the same, under one name, for every part. Default: float32. */
  scratch(name: string, elementsPerItem: number, storage?: FloatStorage): DeviceTensor;
}

/** The queries of global tokens and what they attend to. Shapes as in `global-task.ts`. */
export interface GlobalAttention {
  /** `[items, slots, heads, length]`. */
  readonly query: DeviceTensor;
  /** `[batch, sequence, hidden]`. */
  readonly key: DeviceTensor;
  readonly value: DeviceTensor;
}

/** The items of a tensor `[batch, sequence, hidden]`, or of the wider one that it is columns of. */
export function itemsOf({ sequence, items }: AttentionItems, tensor: DeviceTensor): Operand {
  return rowsOf(rowLayout(tensor).tensor, itemBytes(sequence, tensor), items);
}

/** The bytes of an item of such a tensor. */
export function itemBytes(sequence: number, tensor: DeviceTensor): number {
  return sequence * rowLayout(tensor).rowStride * (tensor.storage === "float16" ? 2 : 4);
}

/** How the vectors of a tensor lie, where they have so many elements each, side by side. */
export function formOf({ storage }: DeviceTensor, length: number): RowForm {
  return { storage, aligned: length % 4 === 0 };
}

/**
 * The dispatches that fill an output `[batch, heads, …]` of `headElements` for each head, for the heads of some items: as many at a time
 * as may be bound. `dispatch` is told the first of these heads, how many, what to bind and the element of it where they begin.
 */
export function overHeads(
  { context, heads, items }: AttentionItems,
  tensor: DeviceTensor,
  headElements: number,
  dispatch: (part: { firstHead: number; count: number; operand: Operand; outStart: number }) => Dispatch,
): readonly Dispatch[] {
  const headBytes = headElements * 4;
  const { maxStorageBufferBindingSize: maxBytes, maxComputeWorkgroupsPerDimension: maxHeads } = context.facts.limits;
  const atOnce = Math.max(1, Math.min(maxHeads, Math.floor((maxBytes - bindingAlignment) / headBytes)));
  const dispatches: Dispatch[] = [];
  for (let firstHead = 0; firstHead < items.count * heads; firstHead += atOnce) {
    const count = Math.min(atOnce, items.count * heads - firstHead);
    const start = (items.first * heads + firstHead) * headBytes;
    const byteOffset = Math.floor(start / bindingAlignment) * bindingAlignment;
    const operand = { tensor, byteOffset, byteLength: start - byteOffset + count * headBytes };
    dispatches.push(dispatch({ firstHead, count, operand, outStart: (start - byteOffset) / 4 }));
  }
  return dispatches;
}
